// Requests as clients send them, and answers as they read them.
#pragma once

#include <string_view>
#include <vector>

#include "base/check.h"
#include "kafka/protocol/codec.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/produce.h"
#include "kafka/protocol/record.h"

namespace logstore::kafka::testing {

/// A batch of `records` records, as a producer sends it.
inline byte_vector batch_of(int records = 1, std::size_t value_bytes = 10,
                            timestamp_ms when = timestamp_ms(1000)) {
    record_batch_builder builder;
    const byte_vector value(value_bytes, std::byte('v'));
    for (int i = 0; i < records; ++i) builder.append(when, bytes_of("key"), bytes_view(value));
    return builder.finish();
}

template <message T>
byte_vector frame_of(const T& request, int version, std::int32_t correlation_id = 0) {
    byte_vector frame;
    CHECK(append_request(frame, api_version(static_cast<std::int16_t>(version)), correlation_id, "tester",
                         request));
    return frame;
}

inline byte_vector concatenated(const std::vector<byte_vector>& parts) {
    byte_vector all;
    for (const byte_vector& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

struct produce_part {
    std::string_view topic;
    std::int32_t partition = 0;
    bytes_view batch;
};

/// Each part gets an entry of its own in the request's topics. A view of the parts' names and batches.
inline produce_request produce_of(const std::vector<produce_part>& parts, std::int16_t acks = -1) {
    produce_request request;
    request.acks = acks;
    request.timeout_ms = 1000;
    for (const produce_part& part : parts) {
        auto& topic = request.topics.emplace_back();
        topic.name = part.topic;
        auto& to = topic.partitions.emplace_back();
        to.index = partition_id(part.partition);
        to.records = record_bytes(part.batch);
    }
    return request;
}

/// The frames in `bytes`, without their lengths. CHECKs that they are whole.
inline std::vector<bytes_view> frames_in(bytes_view bytes) {
    std::vector<bytes_view> frames;
    while (!bytes.empty()) {
        const auto length = frame_length(bytes, std::size_t(1) << 30);
        CHECK(length && *length && bytes.size() - frame_prefix_bytes >= **length, "half an answer");
        frames.push_back(bytes.subspan(frame_prefix_bytes, **length));
        bytes = bytes.subspan(frame_prefix_bytes + **length);
    }
    return frames;
}

/// Whole frames at the start of `bytes`, which may end in half of one.
inline int frames_in_whole(bytes_view bytes) {
    int count = 0;
    for (;; ++count) {
        const auto length = frame_length(bytes, std::size_t(1) << 30);
        if (!length || !*length || bytes.size() - frame_prefix_bytes < **length) return count;
        bytes = bytes.subspan(frame_prefix_bytes + **length);
    }
}

inline std::vector<std::int32_t> correlation_ids_in(bytes_view bytes) {
    std::vector<std::int32_t> ids;
    for (const bytes_view frame : frames_in(bytes)) ids.push_back(*response_correlation_id(frame));
    return ids;
}

/// Decodes an answer; its views are of `frame`.
template <message T>
T answer_in(bytes_view frame, int version) {
    auto decoded = decode_response<T>(frame, api_version(static_cast<std::int16_t>(version)));
    CHECK(decoded, "{}", decoded.error().message());
    return std::move(*decoded);
}

}  // namespace logstore::kafka::testing
