#include "kafka/server/produce_slot.h"

#include <utility>

#include "kafka/protocol/codec.h"
#include "kafka/server/batch_validator.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {

result<> produce_slot::start(const serving& with, const request_frame& request, frame_reader& frames,
                             produce_owner& owner) {
    CHECK(owner_ == nullptr, "the slot is in use");
    const auto decoded =
        decode_body<produce_request>(request.body, request.header.version, with.options.request_limits());
    if (!decoded) return std::unexpected(decoded.error());
    version_ = request.header.version;
    correlation_id_ = request.header.correlation_id;
    acks_ = decoded->acks;
    owner_ = &owner;
    metrics_ = &with.metrics;
    lay_out_answer(*decoded);
    if (acks_ < -1 || acks_ > 1) {
        refuse_all(error_code::invalid_required_acks, "acks must be -1, 0 or 1");
    } else if (decoded->transactional_id && !decoded->transactional_id->empty()) {
        // InitProducerId is not offered, so that no transaction can exist.
        refuse_all(error_code::invalid_txn_state, "transactions are not supported");
    } else {
        frame_ = frames.frame();
        append_all(with, *decoded, frames);
    }
    return {};
}

void produce_slot::reset() {
    CHECK(is_done());
    owner_ = nullptr;
    outcome_unknown_ = has_error_ = false;
    response_ = {};
    constexpr std::size_t name_bytes_kept = 1024;
    names_.clear();
    if (names_.capacity() > name_bytes_kept) names_.shrink_to_fit();
    more_.reset();
    batch_count_max_ = appends_used_ = memory_bytes_ = 0;
    frame_owner_.reset();
    next = nullptr;
    held_bytes = 0;
}

/// Every topic and partition of the request in its order, repetitions too: each gets an answer of its own.
void produce_slot::lay_out_answer(const produce_request& request) {
    std::size_t name_bytes = 0;
    for (const auto& topic : request.topics) name_bytes += topic.name.size();
    names_.reserve(name_bytes);  // no view moves after this
    response_.topics.reserve(request.topics.size());
    for (const auto& topic : request.topics) {
        auto& answers = response_.topics.emplace_back();
        const std::size_t name_start = names_.size();
        names_ += topic.name;
        answers.name = std::string_view(names_).substr(name_start);
        answers.partitions.reserve(topic.partitions.size());
        for (const auto& part : topic.partitions) {
            answers.partitions.emplace_back().index = part.index;
            if (part.records.size() >= record_batch_header_bytes) ++batch_count_max_;
        }
        memory_bytes_ += sizeof answers + topic.name.size() + topic.partitions.size() * sizeof(answers.partitions[0]);
    }
    memory_bytes_ += batch_count_max_ * sizeof(partition_append);
}

void produce_slot::refuse_all(error_code code, const char* message) {
    for (auto& topic : response_.topics) {
        for (auto& answer : topic.partitions) refuse(answer, code, message);
    }
    has_error_ = true;  // even when there are no partitions
}

void produce_slot::refuse(produce_response::partition& answer, error_code code, const char* message) {
    answer.error = code;
    if (message != nullptr) answer.error_message = message;
    has_error_ = true;
    metrics_->count(code);
}

void produce_slot::append_all(const serving& with, const produce_request& request, frame_reader& frames) {
    batch_rules rules;
    rules.allows_zstd = version_ >= 7;
    for (std::size_t t = 0; t < request.topics.size(); ++t) {
        const cluster::topic* to = with.topics.find(with.target.topics(), request.topics[t].name);
        for (std::size_t p = 0; p < request.topics[t].partitions.size(); ++p) {
            const auto& part = request.topics[t].partitions[p];
            auto& answer = response_.topics[t].partitions[p];
            if (!has_partition(to, part.index)) {
                refuse(answer, error_code::unknown_topic_or_partition, nullptr);
                continue;
            }
            rules.batch_bytes_max = static_cast<std::size_t>(to->settings.message_bytes_max);
            const batch_verdict verdict = check_produced_batch(part.records, rules);
            if (verdict.error == error_code::none) {
                append(with, *to, part.records.bytes(), frames, answer);
            } else {
                refuse(answer, verdict.error, verdict.message);
                with.log.write("refused a batch for {}-{}: {}", to->name, part.index, verdict.message);
            }
        }
    }
}

void produce_slot::append(const serving& with, const cluster::topic& to, bytes_view batch,
                          frame_reader& frames, produce_response::partition& answer) {
    partition_append& call = unused_append();
    call.slot = this;
    call.answer = &answer;
    call.outcome = {};
    call.tablet = {to.id, answer.index};
    call.batch = batch;
    if (!with.target.is_local(call.tablet)) {
        // The bytes must outlive the frame's place in the connection: once for all batches of the request.
        if (frame_owner_ == nullptr) kept_frame_ = frames.share_frame(frame_owner_);
        call.owner = frame_owner_;
        call.batch =
            kept_frame_.subspan(static_cast<std::size_t>(batch.data() - frame_.data()), batch.size());
    }
    ++appends_under_way_;
    ++metrics_->appended_batches;
    metrics_->appended_bytes += batch.size();
    with.target.append(call);
}

produce_slot::partition_append& produce_slot::unused_append() {
    const std::size_t index = appends_used_++;
    if (index == 0) return first_;
    CHECK(index < batch_count_max_);
    if (more_ == nullptr) more_ = std::make_unique<partition_append[]>(batch_count_max_ - 1);
    return more_[index - 1];
}

void produce_slot::finish(partition_append& done) {
    CHECK(appends_under_way_ > 0);
    const append_outcome& outcome = done.outcome;
    produce_response::partition& answer = *done.answer;
    done.owner.reset();
    if (outcome.code == tablet_errc::ok) {
        answer.base_offset = outcome.base_offset;
        answer.log_append_time = outcome.append_time;
        answer.log_start_offset = outcome.log_start_offset;
    } else if (outcome.code == tablet_errc::outcome_unknown) {
        outcome_unknown_ = true;
    } else {
        refuse(answer, produce_error(outcome.code), outcome.message);
    }
    if (--appends_under_way_ == 0) owner_->on_produced(*this);
}

void produce_slot::answer(byte_vector& out) const {
    CHECK(is_done() && !demands_close() && !wants_no_answer());
    const auto encoded = append_response(out, version_, correlation_id_, response_);
    CHECK(encoded.has_value(), "{}", encoded.error().message());
}

}  // namespace logstore::kafka
