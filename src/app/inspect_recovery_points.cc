#include <fmt/format.h>

#include "app/inspect.h"
#include "base/json_writer.h"
#include "app/text_table.h"
#include "log/recovery_points.h"

namespace logstore::app {
namespace {

std::string points_text(const recovery_point_file& file) {
    std::string out = fmt::format("boot {}  {}  journal groups needed from {} on  {} tablets\n", file.boot,
                                  file.shards == 0 ? std::string("the whole store")
                                                   : fmt::format("shard {} of {}", file.shard, file.shards),
                                  file.floor, file.points.size());
    if (file.points.empty()) return out;
    std::vector<std::vector<std::string>> rows{{"TOPIC ID", "PARTITION", "LOG START", "NEXT OFFSET",
                                                "SEGMENT", "BYTES", "COVERED TO GROUP", "TAIL"}};
    for (const recovery_point& point : file.points) {
        rows.push_back({point.tablet.topic.text(), fmt::to_string(point.tablet.partition),
                        fmt::to_string(point.log_start), fmt::to_string(point.next),
                        fmt::to_string(point.segment_base), fmt::to_string(point.segment_bytes),
                        fmt::to_string(point.covered), point.has_journal_tail ? "in the journal" : "none"});
    }
    return out + "\n" + text_table(rows);
}

std::string points_json(const recovery_point_file& file) {
    json_writer json;
    json.begin_object()
        .field("boot", file.boot.value())
        .field("floor", file.floor.value())
        .field("shards", file.shards);
    json.field("shard", file.shard.value()).key("points").begin_list();
    for (const recovery_point& point : file.points) {
        json.begin_object()
            .field("topic_id", point.tablet.topic.text())
            .field("partition", point.tablet.partition.value());
        json.field("log_start", point.log_start.value()).field("next_offset", point.next.value());
        json.field("segment_base", point.segment_base.value()).field("segment_bytes", point.segment_bytes);
        json.field("covered", point.covered.value())
            .field("has_journal_tail", point.has_journal_tail)
            .end_object();
    }
    return json.end_list().end_object().finish();
}

}  // namespace

env::task<exit_code> inspect_recovery_points(env::environment world, console* out, inspect_command asked) {
    const auto file = co_await read_recovery_points(&world.files, asked.path);
    if (!file) co_return report_unreadable(*out, asked.path, file.error());
    out->print(asked.json ? points_json(*file) : points_text(*file));
    co_return exit_code::success;
}

}  // namespace logstore::app
