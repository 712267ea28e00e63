// What started this process and waits to hear of it: systemd, or whatever speaks its protocol.
#pragma once

#include <string>

namespace logstore::env {

/// Sends `state` ("READY=1", "STOPPING=1") to the socket that NOTIFY_SOCKET names. Nothing happens where
/// there is none, or where nobody listens: a server works without being watched. Does not wait. Any thread.
void tell_service_manager(const std::string& state);

}  // namespace logstore::env
