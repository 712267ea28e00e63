// From the options of a server to those of its modules, which know nothing of the configuration.
#pragma once

#include <cstdint>

#include "config/server_options.h"
#include "http/options.h"
#include "http/process_limits.h"
#include "kafka/server/options.h"
#include "kafka/server/process_limits.h"
#include "resp/options.h"
#include "resp/process_limits.h"
#include "shard/store.h"

namespace logstore::app {

/// `shards`: how many there will be, at least one.
store_options store_options_of(const config::server_options& from, std::uint32_t shards);
/// All but the advertised address, which depends on the port that is found.
kafka::server_options kafka_options_of(const config::server_options& from);
kafka::process_limit_options process_limits_of(const config::server_options& from);
/// `at`: where the door listens, which says whether it serves other machines.
http::server_options http_options_of(const config::server_options& from, const env::socket_address& at);
http::process_limit_options http_limits_of(const config::server_options& from);
resp::server_options resp_options_of(const config::server_options& from);
resp::process_limit_options resp_limits_of(const config::server_options& from);

}  // namespace logstore::app
