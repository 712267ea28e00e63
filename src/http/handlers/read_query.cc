#include "http/handlers/read_query.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace logstore::http {
namespace {

constexpr std::int64_t number_max = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view default_topic = "default";

std::unexpected<api_error> invalid(std::string sentence) {
    return refuse(400, "invalid_parameter", std::move(sentence));
}

api_result<std::int64_t> number_of(const request_context& context, parameter which, std::int64_t otherwise,
                                   std::int64_t min, std::int64_t max) {
    const auto& text = context.what.get(which);
    return text ? parse_number(parameter_name(which), *text, min, max) : otherwise;
}

api_result<> take_place(const request_context& context, read_query& into) {
    constexpr std::string_view time_prefix = "time:";
    if (context.has_last_event_id) {
        const auto last = parse_number("Last-Event-ID", context.last_event_id, 0, number_max - 1);
        if (!last) return std::unexpected(last.error());
        into.from = read_query::place::offset;
        into.from_number = *last + 1;
        if (into.is_follow) return {};
    }
    const auto& text = context.what.get(parameter::offset);
    if (!text) {
        into.from = into.is_follow ? read_query::place::end : read_query::place::beginning;
    } else if (*text == "beginning") {
        into.from = read_query::place::beginning;
    } else if (*text == "end") {
        into.from = read_query::place::end;
    } else {
        const bool is_time = text->starts_with(time_prefix);
        const std::string_view digits = std::string_view(*text).substr(is_time ? time_prefix.size() : 0);
        const auto number = parse_number("offset", digits, 0, number_max);
        if (!number) return invalid("offset must be a number, 'beginning', 'end' or 'time:MILLISECONDS'");
        into.from = is_time ? read_query::place::time : read_query::place::offset;
        into.from_number = *number;
    }
    return {};
}

api_result<> take_limits(const request_context& context, read_query& into) {
    const server_options& options = context.with.options;
    const auto bytes = number_of(context, parameter::max_bytes,
                                 static_cast<std::int64_t>(options.read_bytes_default), 1, number_max);
    if (!bytes) return std::unexpected(bytes.error());
    into.bytes_max = std::min(static_cast<std::size_t>(*bytes), options.read_bytes_max);
    const auto records = number_of(context, parameter::max_records, number_max, 1, number_max);
    if (!records) return std::unexpected(records.error());
    into.records_max = static_cast<std::size_t>(*records);
    constexpr std::int64_t day_ms = 86'400'000;
    const auto wait = number_of(context, parameter::wait_ms, 0, 0, day_ms);
    if (!wait) return std::unexpected(wait.error());
    into.wait = std::min<env::duration>(std::chrono::milliseconds(*wait), options.read_wait_max);
    return {};
}

api_result<> take_forms(const request_context& context, read_query& into) {
    if (const auto& encoding = context.what.get(parameter::encoding)) {
        if (*encoding != "text" && *encoding != "base64")
            return invalid("encoding must be 'text' or 'base64'");
        into.is_base64 = *encoding == "base64";
    }
    if (const auto& follow = context.what.get(parameter::follow)) {
        if (*follow != "true" && *follow != "false") return invalid("follow must be 'true' or 'false'");
        into.is_follow = *follow == "true";
    }
    return {};
}

api_result<> take_partition(const request_context& context, read_query& into) {
    const bool is_in_path = context.what.where == route::partition_records;
    into.topic = is_in_path ? context.what.topic
                            : context.what.get(parameter::topic).value_or(std::string(default_topic));
    const std::string text =
        is_in_path ? context.what.partition : context.what.get(parameter::partition).value_or("0");
    const auto number = parse_number("partition", text, 0, std::numeric_limits<std::int32_t>::max());
    if (!number) return std::unexpected(number.error());
    const cluster::topic_ptr known = context.target_broker().topics()->find(into.topic);
    if (known == nullptr) return std::unexpected(unknown_topic(into.topic));
    if (*number >= known->partition_count) {
        return std::unexpected(unknown_partition(known->name, *number, known->partition_count));
    }
    into.tablet = {known->id, partition_id(static_cast<std::int32_t>(*number))};
    return {};
}

}  // namespace

api_result<read_query> understand_read(const request_context& context) {
    read_query query;
    for (const auto take : {take_forms, take_place, take_limits, take_partition}) {
        if (auto taken = take(context, query); !taken) return std::unexpected(std::move(taken).error());
    }
    return query;
}

env::task<api_result<offset>> find_start(request_context* context, const read_query* query) {
    if (query->from == read_query::place::offset) co_return offset(query->from_number);
    list_offset_request look;
    look.tablet = query->tablet;
    look.query = query->from == read_query::place::beginning ? offset_query::earliest : offset_query::latest;
    if (query->from == read_query::place::time) {
        look.query = offset_query::by_timestamp;
        look.timestamp = timestamp_ms(query->from_number);
    }
    list_offset_outcome found = co_await context->target_broker().list_offset(look);
    if (found.code == tablet_errc::ok && found.found_offset < 0) {
        look.query = offset_query::latest;  // nothing is as late
        found = co_await context->target_broker().list_offset(look);
    }
    if (found.code != tablet_errc::ok) co_return std::unexpected(read_error(found.code));
    co_return offset(found.found_offset);
}

api_error error_of_read(const read_outcome& outcome, offset from) {
    api_error why = read_error(outcome.code);
    if (outcome.code == tablet_errc::offset_out_of_range) {
        why.message =
            fmt::format("there is no offset {}; ask for one from {} to {}, or for 'beginning' or 'end'", from,
                        outcome.log_start_offset, outcome.high_watermark);
    }
    return why;
}

}  // namespace logstore::http
