#include "app/segment_walk.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace logstore::app {
namespace {

constexpr int highest_codec = static_cast<int>(compression_codec::zstd);

/// The CRC does not cover the base offset: it may be anything.
bool offsets_are_possible(const record_batch_header& header) {
    constexpr std::int64_t highest_base =
        std::numeric_limits<std::int64_t>::max() - std::numeric_limits<std::int32_t>::max() - 1;
    const std::int64_t base = header.base_offset.value();
    return base >= 0 && base <= highest_base && header.last_offset_delta >= 0;
}

}  // namespace

env::task<result<std::optional<walked_batch>>> segment_walk::next() {
    if (ended_ || position_ >= file_->size()) {
        ended_ = true;
        end_.position = std::max(end_.position, position_);
        co_return std::nullopt;
    }
    const auto start = co_await file_->at(position_, record_batch_header_bytes);
    if (!start) co_return std::unexpected(start.error());
    const auto header = read_record_batch_header(*start);
    if (!header) {
        auto finished = co_await finish("no record batch begins here");
        if (!finished) co_return std::unexpected(std::move(finished).error());
        co_return std::nullopt;
    }
    walked_batch batch;
    batch.position = position_;
    batch.header = *header;
    const std::uint64_t batch_end = position_ + header->size_bytes();
    const bool runs_out = batch_end > file_->size();
    if (!runs_out) {
        const auto crc = co_await crc_of_range(file_, position_ + record_batch_crc_start, batch_end, 0);
        if (!crc) co_return std::unexpected(crc.error());
        batch.crc_holds = *crc == header->crc;
    }
    if (!batch.crc_holds) {
        const auto unfinished = co_await is_unfinished(batch);
        if (!unfinished) co_return std::unexpected(unfinished.error());
        if (*unfinished || runs_out) {
            auto finished = co_await finish("a record batch runs past the end of the file");
            if (!finished) co_return std::unexpected(std::move(finished).error());
            if (*unfinished) end_.damage.clear();
            co_return std::nullopt;
        }
    }
    batch.damage = judge(batch);
    if (offsets_are_possible(*header)) expected_ = std::max(expected_, first_not_below(header->next()));
    epoch_ = std::max(epoch_, header->epoch);
    position_ = batch_end;
    co_return batch;
}

/// Whether the batch is the last one and ends with a block that was written, before its own end.
env::task<result<bool>> segment_walk::is_unfinished(walked_batch batch) {
    if (sealed_) co_return false;
    const auto content_end = co_await end_of_content(file_, batch.position);
    if (!content_end) co_return std::unexpected(content_end.error());
    const std::uint64_t written_end = std::min(round_up_to_block(*content_end), file_->size());
    const bool on_a_block = is_block_aligned(written_end);
    co_return on_a_block&& written_end < batch.position + batch.header.size_bytes();
}

/// Looks at what lies from `position_` on, where no batch can be read.
env::task<result<>> segment_walk::finish(std::string damage) {
    ended_ = true;
    end_.position = position_;
    const auto content_end = co_await end_of_content(file_, position_);
    if (!content_end) co_return std::unexpected(content_end.error());
    end_.zero_bytes = file_->size() - *content_end;
    if (*content_end == position_) {
        if (sealed_)
            end_.damage =
                fmt::format("{} zero bytes after the last batch of a sealed segment", end_.zero_bytes);
        co_return result<>();
    }
    const std::uint64_t written_end = std::min(round_up_to_block(*content_end), file_->size());
    end_.unfinished_bytes = written_end - position_;
    // The start of a header may itself be cut by the end of the last block that was written.
    const bool header_is_cut =
        !sealed_ && is_block_aligned(written_end) && end_.unfinished_bytes < record_batch_header_bytes;
    if (!header_is_cut) end_.damage = std::move(damage);
    co_return result<>();
}

std::string segment_walk::judge(const walked_batch& batch) const {
    const record_batch_header& header = batch.header;
    if (!batch.crc_holds) return "the CRC does not hold";
    if (!offsets_are_possible(header)) return "the offsets are impossible";
    if (header.base_offset < expected_) return fmt::format("offsets go back: {} was to come", expected_);
    if (header.epoch < epoch_) return fmt::format("the leader epoch goes back from {}", epoch_);
    if (header.codec_number() > highest_codec) return "the compression codec is unknown";
    if (header.record_count < 0) return "the record count is negative";
    return {};
}

}  // namespace logstore::app
