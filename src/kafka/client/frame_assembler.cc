#include "kafka/client/frame_assembler.h"

#include <algorithm>

#include "base/check.h"

namespace logstore::kafka {

env::shared_bytes received_frame::take() {
    if (assembled_ == nullptr) return env::shared_bytes(byte_vector(bytes_.begin(), bytes_.end()));
    auto kept = std::make_shared<const byte_vector>(std::move(*assembled_));
    const bytes_view bytes = bytes_;  // a moved vector keeps its elements where they are
    assembled_ = nullptr;
    return {std::move(kept), bytes};
}

mutable_bytes frame_assembler::space() {
    if (filled_ < frame_prefix_bytes) return {};
    const auto length = frame_length(bytes_view(partial_).first(filled_), frame_bytes_max_);
    if (!length || !*length) return {};
    const std::size_t total = frame_prefix_bytes + **length;
    if (total - filled_ < in_place_bytes_min) return {};
    if (partial_.size() == filled_)
        partial_.resize(std::min(total, filled_ + std::max(filled_, growth_bytes_min)));
    return mutable_bytes(partial_).first(std::min(total, partial_.size())).subspan(filled_);
}

void frame_assembler::accept(bytes_view received) {
    CHECK(fresh_.empty(), "{} accepted bytes were not looked at", fresh_.size());
    const bool in_place =
        !received.empty() && received.data() == partial_.data() + filled_ && filled_ < partial_.size();
    if (in_place) {
        filled_ += received.size();
        CHECK(filled_ <= partial_.size());
    } else {
        fresh_ = received;
    }
}

result<std::optional<received_frame>> frame_assembler::next() {
    if (std::exchange(handed_out_, false)) {
        filled_ = 0;
        if (partial_.capacity() > growth_bytes_min) partial_ = {};
    }
    if (filled_ > 0) return next_assembled();
    const auto length = frame_length(fresh_, frame_bytes_max_);
    if (!length) return std::unexpected(length.error());
    if (!*length || fresh_.size() - frame_prefix_bytes < **length) {
        append(fresh_.size());
        return std::nullopt;
    }
    const bytes_view frame = fresh_.subspan(frame_prefix_bytes, **length);
    fresh_ = fresh_.subspan(frame_prefix_bytes + frame.size());
    return received_frame(frame, nullptr);
}

result<std::optional<received_frame>> frame_assembler::next_assembled() {
    if (filled_ < frame_prefix_bytes) append(std::min(frame_prefix_bytes - filled_, fresh_.size()));
    const auto length = frame_length(bytes_view(partial_).first(filled_), frame_bytes_max_);
    if (!length) return std::unexpected(length.error());
    if (!*length) return std::nullopt;
    const std::size_t total = frame_prefix_bytes + **length;
    append(std::min(total - filled_, fresh_.size()));
    if (filled_ < total) return std::nullopt;
    handed_out_ = true;
    return received_frame(bytes_view(partial_).subspan(frame_prefix_bytes, **length), &partial_);
}

void frame_assembler::append(std::size_t count) {
    if (count == 0) return;
    if (partial_.size() < filled_ + count) partial_.resize(filled_ + count);
    std::ranges::copy(fresh_.first(count), partial_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += count;
    fresh_ = fresh_.subspan(count);
}

}  // namespace logstore::kafka
