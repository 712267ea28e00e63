// The option table: the single source of names, meanings, defaults and bounds. Its sections are in
// process_options.cc, kafka_options.cc, http_options.cc, resp_options.cc, topic_options.cc,
// storage_options.cc and kv_options.cc.
#include "config/option_sections.h"

namespace logstore::config {
namespace {

std::vector<server_option> joined_sections() {
    std::vector<server_option> all;
    for (const auto section :
         {process_options(), kafka_options(), http_options(), resp_options(), topic_options(), storage_options(), kv_options()})
        all.insert(all.end(), section.begin(), section.end());
    return all;
}

}  // namespace

std::span<const server_option> server_option_table() {
    static const std::vector<server_option> table = joined_sections();
    return table;
}

server_options::server_options() {
    for (const server_option& about : server_option_table()) about.assign(*this, about.initial());
}

}  // namespace logstore::config
