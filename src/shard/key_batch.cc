#include "shard/key_batch.h"

#include <algorithm>
#include <utility>

#include "kv/stored_record.h"

namespace logstore {

key_batch::key_batch(const key_write_request& request)
    : request_(request), results_(request.writes.size()), asked_(request.writes.size()) {
    has_conditions_ = std::ranges::any_of(request.writes, [](const key_write& one) {
        return one.condition != key_condition::none || !one.value;
    });
    if (has_conditions_) return;
    for (key_write_result& one : results_) one.is_written = true;
    written_ = results_.size();
}

bool key_batch::is_too_large() const {
    return std::ranges::any_of(request_.writes, [](const key_write& one) { return one.key.size() > key_bytes_max; });
}

std::size_t key_batch::earlier_write(std::size_t index) const {
    for (std::size_t i = index; i-- > 0;)
        if (results_[i].is_written && request_.writes[i].key == request_.writes[index].key) return i;
    return none;
}

result<key_batch::known> key_batch::latest(const key_view& view, std::size_t index) {
    known out;
    const std::size_t earlier = earlier_write(index);
    if (earlier != none) {
        out.has_value = request_.writes[earlier].value.has_value();
        if (out.has_value && request_.with_previous) {
            kv::stored_record record;
            record.value = *request_.writes[earlier].value;
            record.header_count = request_.writes[earlier].header_count;
            record.headers = request_.writes[earlier].headers;
            record.append_to(out.stored);
        }
        return out;
    }
    auto found = view.find_latest(request_.writes[index].key, asked_[index]);
    if (!found) return std::unexpected(found.error());
    seen_up_to_ = std::max(seen_up_to_, found->seen_up_to);
    out.has_value = found->has_value;
    out.at = found->at;
    out.stored = std::move(found->stored);
    return out;
}

bool key_batch::holds(const key_write& write, const known& now) const {
    switch (write.condition) {
        case key_condition::absent: return !now.has_value;
        case key_condition::present: return now.has_value;
        case key_condition::at_offset: return now.has_value && now.at == write.expected;
        case key_condition::none: break;
    }
    return write.value || now.has_value;
}

void key_batch::note_asked(key_view::stored_bytes found, std::uint64_t generation) {
    if (asked_generation_ != generation) asked_.assign(request_.writes.size(), std::nullopt);
    asked_generation_ = generation;
    asked_[undecided_] = std::move(found);
}

result<> key_batch::decide(const key_view& view) {
    if (asked_generation_ != view.generation()) asked_.assign(request_.writes.size(), std::nullopt);
    asked_generation_ = view.generation();
    results_.assign(request_.writes.size(), {});
    written_ = 0;
    seen_up_to_ = next_offset(0);
    bool has_failed = false;
    for (std::size_t i = 0; i < request_.writes.size(); ++i) {
        undecided_ = i;
        const key_write& write = request_.writes[i];
        auto now = latest(view, i);
        if (!now) return std::unexpected(now.error());
        key_write_result& out = results_[i];
        out.had_value = now->has_value;
        out.is_written = holds(write, *now);
        has_failed |= !out.is_written && write.condition != key_condition::none;
        written_ += out.is_written ? 1 : 0;
        if (request_.with_previous && now->has_value) out.previous = keyed_record_of(now->stored);
    }
    if (has_failed && request_.is_all_or_nothing) {
        for (key_write_result& one : results_) one.is_written = false;
        written_ = 0;
    }
    is_decided_ = true;
    return {};
}

byte_vector key_batch::finish(timestamp_ms now) const {
    kafka::record_batch_builder builder;
    std::vector<kafka::record_header> headers;
    for (std::size_t i = 0; i < results_.size(); ++i) {
        if (!results_[i].is_written) continue;
        const key_write& write = request_.writes[i];
        headers.clear();
        kafka::record_headers(static_cast<std::size_t>(write.header_count), write.headers)
            .for_each([&](const kafka::record_header& one) { headers.push_back(one); });
        std::optional<bytes_view> value;
        if (write.value) value = *write.value;
        builder.append(now, bytes_view(write.key), value, headers);
    }
    return builder.finish();
}

next_offset key_batch::expect(key_view& view, offset base_offset) {
    offset next = base_offset;
    previous_.resize(is_decided_ ? 0 : results_.size());
    for (std::size_t i = 0; i < results_.size(); ++i) {
        if (!results_[i].is_written) continue;
        results_[i].at = next;
        if (!is_decided_) view.expect(next, request_.with_previous, &previous_[i]);
        ++next;
    }
    return next_offset(next.value());
}

void key_batch::forget(key_view& view) {
    if (is_decided_) return;
    for (const key_write_result& one : results_)
        if (one.is_written) view.forget_expected(one.at);
}

key_write_outcome key_batch::outcome() && {
    key_write_outcome out;
    for (std::size_t i = 0; i < previous_.size(); ++i) {
        results_[i].had_value = previous_[i].had_value;
        if (previous_[i].had_value && request_.with_previous)
            results_[i].previous = keyed_record_of(previous_[i].stored);
    }
    out.results = std::move(results_);
    return out;
}

}  // namespace logstore
