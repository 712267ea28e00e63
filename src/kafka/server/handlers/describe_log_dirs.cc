// DescribeLogDirs: what partitions take on disk.
#include "kafka/protocol/messages/describe_log_dirs.h"

#include <algorithm>
#include <unordered_set>

#include "kafka/server/answer_hold.h"
#include "kafka/server/handlers/handlers.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {
namespace {

/// A tablet's name, its size on the way through the shards, and its part of the answer.
constexpr std::size_t bytes_per_tablet = 256;

std::size_t count_tablets(const cluster::topic_image& image, const describe_log_dirs_request& request) {
    if (!request.topics) return static_cast<std::size_t>(image.partition_count());
    std::size_t count = 0;
    for (const auto& asked : *request.topics) count += asked.partitions.size();
    return count;
}

/// Those that there are, each once; the tablets of a topic stand together.
std::vector<tablet_id> tablets_of(const cluster::topic_image& image,
                                  const describe_log_dirs_request& request) {
    std::vector<tablet_id> tablets;
    if (!request.topics) {
        for (const cluster::topic_ptr& topic : image.topics())
            for (std::int32_t i = 0; i < topic->partition_count; ++i)
                tablets.push_back({topic->id, partition_id(i)});
        return tablets;
    }
    std::unordered_set<tablet_id> seen;
    for (const auto& asked : *request.topics) {
        const cluster::topic_ptr topic = image.find(asked.name);
        for (const partition_id index : asked.partitions) {
            if (!has_partition(topic.get(), index)) continue;
            const tablet_id tablet{topic->id, index};
            if (seen.insert(tablet).second) tablets.push_back(tablet);
        }
    }
    return tablets;
}

/// What is gone meanwhile is left out, as what never was.
void add_sizes(const std::vector<tablet_size>& sizes, const cluster::topic_image& image,
               describe_log_dirs_response::folder& folder) {
    topic_id last;
    for (const tablet_size& one : sizes) {
        if (one.code == tablet_errc::storage_error) folder.error = error_code::kafka_storage_error;
        if (one.code != tablet_errc::ok) continue;
        if (folder.topics.empty() || one.tablet.topic != last) {
            folder.topics.emplace_back().name = image.find(one.tablet.topic)->name;
            last = one.tablet.topic;
        }
        auto& part = folder.topics.back().partitions.emplace_back();
        part.index = one.tablet.partition;
        part.size_bytes = static_cast<std::int64_t>(one.bytes);
    }
}

}  // namespace

env::task<result<>> serve_describe_log_dirs(request_context* context) {
    const auto request = context->decode<describe_log_dirs_request>();
    if (!request) co_return std::unexpected(request.error());
    answer_hold memory(*context);
    co_await memory.take(count_tablets(*context->target().topics(), *request) * bytes_per_tablet);
    const auto image = context->target().topics();
    describe_log_dirs_response response;
    auto& folder = response.folders.emplace_back();
    folder.path = context->target().log_folder();
    std::vector<tablet_id> tablets = tablets_of(*image, *request);
    const auto sizes = co_await context->target().sizes(std::move(tablets));
    add_sizes(sizes, *image, folder);
    if (context->version() >= 4) {
        const auto space = co_await context->target().space();
        if (space) {
            folder.total_bytes = static_cast<std::int64_t>(space->total_bytes);
            folder.usable_bytes = static_cast<std::int64_t>(space->free_bytes);
        } else {
            folder.error = error_code::kafka_storage_error;
        }
    }
    context->with.metrics.count(folder.error);
    co_return context->answer(response);
}

}  // namespace logstore::kafka
