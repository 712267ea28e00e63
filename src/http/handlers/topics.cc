// Topics: listing, describing, making, deleting.
#include <limits>
#include <utility>
#include <vector>

#include "cluster/topic_config.h"
#include "http/answer_hold.h"
#include "http/handlers/handlers.h"

namespace logstore::http {
namespace {

/// What is asked for before an answer is made; it holds what it has then.
constexpr std::size_t listed_topic_bytes = 128;
constexpr std::size_t described_partition_bytes = 128;
constexpr std::size_t described_topic_bytes = std::size_t(4) << 10;

/// A change whose outcome nobody knows: the connection is closed in the place of the answer.
answer unknown_outcome() {
    answer made;
    made.is_unknown = true;
    return made;
}

answer answer_to(const error& why) {
    const auto known = topic_error(why);
    return known ? answer_of(*known) : unknown_outcome();
}

void write_configs(json_writer& json, const cluster::topic_settings& settings) {
    json.key("configs").begin_object();
    for (const cluster::topic_config& one : cluster::topic_config_table()) {
        const std::string value = one.text_of(one.read(settings));
        json.field(one.name, std::string_view(value));
    }
    json.end_object();
}

void write_topic_start(json_writer& json, const cluster::topic& one) {
    const std::string id = one.id.text();
    json.begin_object().field("name", std::string_view(one.name)).field("id", std::string_view(id));
}

struct log_bounds {
    offset log_start;
    next_offset high_watermark;
};

/// Of a partition whose size may not be known: its offsets are all the same.
env::task<api_result<log_bounds>> bounds_of(request_context* context, tablet_size known) {
    if (known.code == tablet_errc::ok) co_return log_bounds{known.log_start, known.high_watermark};
    if (known.code != tablet_errc::storage_error) co_return std::unexpected(read_error(known.code));
    // The end of the log cannot be where the last number is, so that this reads nothing and tells the bounds.
    read_request look;
    look.tablet = known.tablet;
    look.from = offset(std::numeric_limits<std::int64_t>::max());
    const read_outcome bounds = co_await context->target_broker().read(look);
    if (bounds.code != tablet_errc::offset_out_of_range) co_return std::unexpected(read_error(bounds.code));
    co_return log_bounds{bounds.log_start_offset, bounds.high_watermark};
}

}  // namespace

env::task<answer> serve_list_topics(request_context* context) {
    const auto topics = context->target_broker().topics()->topics();
    answer_hold hold(context->with.answer_memory);
    if (!hold.try_take(topics.size() * listed_topic_bytes)) co_return answer_of(overloaded());
    json_writer json;
    json.begin_object().key("topics").begin_list();
    for (const cluster::topic_ptr& one : topics) {
        write_topic_start(json, *one);
        json.field("partitions", one->partition_count).end_object();
    }
    json.end_list().end_object();
    answer made = json_answer(200, json.finish());
    hold.hand_over(made.body.size(), context->held_bytes);
    co_return made;
}

env::task<answer> serve_describe_topic(request_context* context) {
    broker& target = context->target_broker();
    const cluster::topic_ptr topic = target.topics()->find(context->what.topic);
    if (topic == nullptr) co_return answer_of(unknown_topic(context->what.topic));
    answer_hold hold(context->with.answer_memory);
    const auto partitions = static_cast<std::size_t>(topic->partition_count);
    if (!hold.try_take(described_topic_bytes + partitions * described_partition_bytes))
        co_return answer_of(overloaded());
    std::vector<tablet_id> tablets;
    for (std::int32_t i = 0; i < topic->partition_count; ++i) tablets.push_back({topic->id, partition_id(i)});
    const std::vector<tablet_size> sizes = co_await target.sizes(std::move(tablets));
    json_writer json;
    write_topic_start(json, *topic);
    json.key("partitions").begin_list();
    for (const tablet_size& one : sizes) {
        const auto bounds = co_await bounds_of(context, one);
        if (!bounds) co_return answer_of(bounds.error());
        json.begin_object().field("partition", one.tablet.partition.value());
        json.field("log_start_offset", bounds->log_start.value());
        json.field("high_watermark", bounds->high_watermark.value());
        if (one.code == tablet_errc::ok) json.field("size_bytes", one.bytes);
        json.end_object();
    }
    json.end_list();
    write_configs(json, topic->settings);
    json.end_object();
    answer made = json_answer(200, json.finish());
    hold.hand_over(made.body.size(), context->held_bytes);
    co_return made;
}

/// POST /topics names it in the body, PUT /topics/{topic} in the path. PUT says what there is to be: a topic
/// that is so already is no conflict.
env::task<answer> serve_create_topic(request_context* context) {
    const bool is_put = context->asked == method::put;
    auto posted = context->with.bodies.read_topic(context->body, !is_put);
    if (!posted) co_return answer_of(posted.error());
    cluster::new_topic wanted;
    wanted.name = is_put ? context->what.topic : std::move(posted->name);
    wanted.partition_count = posted->partitions;
    wanted.configs = std::move(posted->configs);
    const cluster::topic_ptr known = context->target_broker().topics()->find(wanted.name);
    const bool is_same = known != nullptr && wanted.configs.empty() &&
                         known->partition_count == wanted.partition_count.value_or(known->partition_count);
    int status = 201;
    cluster::topic topic;
    if (is_put && is_same) {
        status = 200;
        topic = *known;
    } else {
        auto made = co_await context->target_broker().create_topic(std::move(wanted));
        if (!made) co_return answer_to(made.error());
        topic = std::move(*made);
    }
    json_writer json;
    write_topic_start(json, topic);
    json.field("partitions", topic.partition_count);
    write_configs(json, topic.settings);
    json.end_object();
    answer made = json_answer(status, json.finish());
    made.fields = "Location: /topics/" + topic.name + "\r\n";
    co_return made;
}

env::task<answer> serve_delete_topic(request_context* context) {
    const cluster::topic_ptr topic = context->target_broker().topics()->find(context->what.topic);
    if (topic == nullptr) co_return answer_of(unknown_topic(context->what.topic));
    const auto deleted = co_await context->target_broker().delete_topic(topic->id);
    if (!deleted) co_return answer_to(deleted.error());
    answer made;
    made.status = 204;
    co_return made;
}

}  // namespace logstore::http
