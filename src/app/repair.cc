#include "app/repair.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "app/storage_failure.h"
#include "log/log_errc.h"
#include "shard/store.h"

namespace logstore::app {
namespace {

/// Journals of this size are made for a store that takes no appends.
constexpr std::uint64_t journal_file_bytes = std::uint64_t(4) << 20;

std::string report_json(const std::vector<std::string>& found, bool repaired) {
    json_writer json;
    json.begin_object().field("repaired", repaired).key("findings").begin_list();
    for (const std::string& finding : found) json.text(finding);
    return json.end_list().end_object().finish();
}

std::string report_text(const std::vector<std::string>& found, bool repaired) {
    if (found.empty())
        return repaired ? "Nothing had to be given up: the store is recovered and stopped cleanly.\n"
                        : "Nothing to repair: all that is in segments can be read, and the next start recovers the rest.\n";
    std::string out = repaired ? "Given up:\n" : "Damaged:\n";
    for (const std::string& finding : found) out += "  " + finding + "\n";
    out += repaired ? "Everything else is recovered; the store is stopped cleanly and starts again.\n"
                    : "Nothing was changed. A start refuses a damaged journal; damaged records of segments are a storage error "
                      "for who reads them. A copy of the files from before the damage loses less. With --accept-loss the "
                      "records above are given up, of a journal also those behind them in the same partitions, and the rest "
                      "is kept.\n";
    return out;
}

exit_code report_error(console& out, const error& why) {
    out.say(why.message());
    return why.code == log_errc::not_found ? exit_code::not_found : exit_code::failed;
}

env::task<result<std::vector<std::string>>> give_up_damage(env::environment world, std::string data_dir) {
    store_options options;
    options.data_dir = std::move(data_dir);
    options.accept_loss = true;
    options.shard.journal_file_bytes = journal_file_bytes;
    // What the logs lose is in their key views: those are removed, and built anew by the next start.
    options.shard.views = std::make_shared<const kv::view_resources>(kv::view_resources_options());
    std::vector<env::environment> worlds{world};
    auto opened = co_await store::open(std::move(worlds), std::move(options), [](error why) { end_process(why); });
    if (!opened) co_return std::unexpected(opened.error());
    std::vector<std::string> losses = (*opened)->recovered().losses;
    auto stopped = co_await (*opened)->stop();
    if (!stopped) co_return std::unexpected(stopped.error());
    co_return losses;
}

}  // namespace

env::task<exit_code> run_repair(env::environment world, console* out, repair_command asked) {
    auto found = co_await store::find_damage(world, asked.data_dir);
    if (!found) co_return report_error(*out, found.error());
    if (asked.accept_loss) {
        found = co_await give_up_damage(world, asked.data_dir);
        if (!found) co_return report_error(*out, found.error());
    }
    out->print(asked.json ? report_json(*found, asked.accept_loss) : report_text(*found, asked.accept_loss));
    co_return found->empty() || asked.accept_loss ? exit_code::success : exit_code::failed;
}

}  // namespace logstore::app
