#include "http/append_slot.h"

#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::http {

api_result<> append_slot::start(const serving& with, const cluster::topic& to, const posted_records& records,
                                bool is_list, append_owner& owner) {
    CHECK(owner_ == nullptr, "a slot is used once");
    is_list_ = is_list;
    topic_ = to.name;
    if (auto sorted = sort_into_parts(with, to, records); !sorted) return sorted;
    const auto batch_bytes_max = static_cast<std::size_t>(to.settings.message_bytes_max);
    for (std::uint32_t i = 0; i < part_count(); ++i) {
        if (at(i).builder.size_bytes() <= batch_bytes_max) continue;
        return refuse(
            413, "record_too_large",
            fmt::format(
                "the records of partition {} make {} bytes, and max.message.bytes of topic '{}' is {}; "
                "send fewer or smaller records at a time",
                at(i).tablet.partition, at(i).builder.size_bytes(), to.name, batch_bytes_max));
    }
    owner_ = &owner;
    with.metrics.appended_records += records.records.size();
    append_all(with);
    return {};
}

/// Records without a key and a partition stay together: one batch is cheaper than several.
api_result<> append_slot::sort_into_parts(const serving& with, const cluster::topic& to,
                                          const posted_records& records) {
    std::optional<partition_id> keyless;
    const timestamp_ms now = with.target.world().time().wall_now();
    std::unordered_map<std::int32_t, std::uint32_t> parts;
    places_.reserve(records.records.size());
    for (const posted_record& one : records.records) {
        partition_id partition;
        if (one.partition) {
            if (*one.partition >= to.partition_count) {
                return std::unexpected(unknown_partition(to.name, *one.partition, to.partition_count));
            }
            partition = partition_id(*one.partition);
        } else if (one.key) {
            partition = with.partitions.of_key(*one.key, to.partition_count);
        } else {
            if (!keyless) keyless = with.partitions.next(to.id, to.partition_count);
            partition = *keyless;
        }
        std::uint32_t index = 0;
        if (has_first_ && first_.tablet.partition == partition) {
            index = 0;
        } else if (!has_first_) {
            index = part_of(partition);
        } else {
            const auto [place, is_new] = parts.try_emplace(partition.value(), 0);
            if (is_new) place->second = part_of(partition);
            index = place->second;
        }
        kafka::record_batch_builder& builder = at(index).builder;
        places_.push_back({index, builder.record_count()});
        const auto headers = std::span(records.headers).subspan(one.first_header, one.header_count);
        builder.append(one.timestamp.value_or(now), one.key, one.value, headers);
    }
    for (std::uint32_t i = 0; i < part_count(); ++i) at(i).tablet.topic = to.id;
    return {};
}

std::uint32_t append_slot::part_of(partition_id partition) {
    part& made = std::exchange(has_first_, true) ? more_.emplace_back() : first_;
    made.tablet.partition = partition;
    return part_count() - 1;
}

void append_slot::append_all(const serving& with) {
    under_way_ = part_count();
    for (std::uint32_t i = 0; i < part_count(); ++i) {
        part& one = at(i);
        one.slot = this;
        auto batch = std::make_shared<const byte_vector>(one.builder.finish());
        one.builder = {};
        one.batch = *batch;
        ++with.metrics.appended_batches;
        with.metrics.appended_bytes += batch->size();
        // A local tablet copies the batch before append() returns.
        if (!with.target.is_local(one.tablet)) one.owner = batch;
        with.target.append(one);
    }
}

void append_slot::finish(part& done) {
    CHECK(under_way_ > 0);
    done.owner.reset();
    if (done.outcome.code == tablet_errc::outcome_unknown) outcome_unknown_ = true;
    if (--under_way_ == 0) owner_->on_appended(*this);
}

answer append_slot::make_answer() const {
    CHECK(is_done() && !outcome_unknown_);
    if (is_list_) return list_answer();
    if (has_failed(0)) return answer_of(append_error(first_.outcome.code, first_.outcome.message));
    json_writer json;
    json.begin_object()
        .field("topic", std::string_view(topic_))
        .field("partition", first_.tablet.partition.value());
    json.field("offset", first_.outcome.base_offset.value()).end_object();
    return json_answer(200, json.finish());
}

answer append_slot::list_answer() const {
    std::uint32_t failed = 0;
    for (std::uint32_t i = 0; i < part_count(); ++i) failed += has_failed(i) ? 1 : 0;
    if (failed == part_count()) return answer_of(append_error(first_.outcome.code, first_.outcome.message));
    json_writer json;
    json.begin_object().field("topic", std::string_view(topic_)).key("records").begin_list();
    for (const record_place& place : places_) {
        const part& in = at(place.part);
        json.begin_object().field("partition", in.tablet.partition.value());
        if (has_failed(place.part)) {
            write_error(json, append_error(in.outcome.code, in.outcome.message));
        } else {
            json.field("offset", in.outcome.base_offset.value() + place.delta);
        }
        json.end_object();
    }
    json.end_list().end_object();
    constexpr int all_done = 200, some_done = 207;
    return json_answer(failed == 0 ? all_done : some_done, json.finish());
}

}  // namespace logstore::http
