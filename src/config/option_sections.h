// The sections of the option table, each in a file of its own.
#pragma once

#include <span>

#include "config/server_options.h"

namespace logstore::config {

// Constant for the life of the process; any thread.

std::span<const server_option> process_options();
std::span<const server_option> kafka_options();
std::span<const server_option> http_options();
std::span<const server_option> resp_options();
std::span<const server_option> topic_options();
std::span<const server_option> storage_options();
std::span<const server_option> kv_options();

}  // namespace logstore::config
