// How commands reach a server, and what they say when it fails them.
#pragma once

#include <memory>
#include <string_view>

#include "app/console.h"
#include "app/exit_code.h"
#include "env/environment.h"
#include "kafka/client/client_connection.h"

namespace logstore::app {

/// What commands introduce themselves with.
kafka::connection_options command_connection_options();

env::task<result<std::unique_ptr<kafka::client_connection>>> connect_to_server(env::environment world,
                                                                               env::socket_address server);

/// Says what was being done ("creating topic 'events'"), why it failed and what to do now; answers the exit
/// code that belongs to it.
exit_code report_failure(console& out, std::string_view doing, const error& why);

/// The same where a topic to read or to write was looked for: says how to make one, and how long the server
/// was tried.
exit_code report_no_topic(console& out, std::string_view doing, std::string_view topic, const error& why,
                          env::duration tried);

}  // namespace logstore::app
