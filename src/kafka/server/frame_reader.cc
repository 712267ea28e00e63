#include "kafka/server/frame_reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace logstore::kafka {

mutable_bytes frame_reader::space() {
    // Kept bytes come first; while there are any, new ones must queue behind them.
    if (!is_assembling_ || assembly_.is_full() || !input_.empty()) return {};
    return assembly_.space();
}

void frame_reader::receive(bytes_view bytes) {
    CHECK(!is_foreign_, "keep_rest() was forgotten");
    const mutable_bytes offered = space();
    if (!offered.empty() && bytes.data() == offered.data()) return assembly_.note_filled(bytes.size());
    if (input_.empty()) {
        input_ = bytes;
        is_foreign_ = true;
        return;
    }
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_from_));
    kept_from_ = 0;
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    use_kept();
}

bool frame_reader::read_length() {
    const std::size_t count = std::min(prefix_.size() - prefix_filled_, input_.size());
    std::ranges::copy(input_.first(count), prefix_.begin() + static_cast<std::ptrdiff_t>(prefix_filled_));
    input_ = input_.subspan(count);
    prefix_filled_ += count;
    if (prefix_filled_ < prefix_.size()) return false;
    const auto length = kafka::frame_length(prefix_, frame_bytes_max_);
    if (!length) {
        problem_ = length.error();
        return true;
    }
    frame_length_ = **length;
    has_length_ = true;
    return true;
}

frame_reader::step frame_reader::next() {
    if (problem_) return step::bad;
    if (!has_length_ && !read_length()) return step::need_bytes;
    if (problem_) return step::bad;
    if (!is_assembling_) {
        if (input_.size() >= frame_length_) return step::frame;
        assembly_ = growing_buffer(frame_length_);
        is_assembling_ = true;
    }
    while (true) {
        input_ = input_.subspan(assembly_.take_from(input_));
        if (assembly_.is_full()) return step::frame;
        if (!assembly_.space().empty()) return step::need_bytes;
        if (wanted_room_bytes() > small_frame_bytes_max) return step::needs_room;
        make_room();
    }
}

std::size_t frame_reader::wanted_room_bytes() const {
    return std::min(frame_length_, std::max(small_frame_bytes_max, growth * arrived_bytes()));
}

bytes_view frame_reader::share_frame(std::shared_ptr<const void>& owner) {
    if (is_assembling_) {
        auto moved = std::make_shared<const growing_buffer>(std::move(assembly_));
        const bytes_view bytes = moved->filled();
        owner = std::move(moved);
        return bytes;
    }
    const bytes_view bytes = frame();
    auto copy = std::make_shared<const byte_vector>(bytes.begin(), bytes.end());
    const bytes_view copied = *copy;
    owner = std::move(copy);
    return copied;
}

void frame_reader::consume() {
    CHECK(has_length_);
    if (!is_assembling_) input_ = input_.subspan(frame_length_);
    is_assembling_ = false;
    assembly_ = growing_buffer();
    has_length_ = false;
    prefix_filled_ = 0;
}

void frame_reader::keep_rest() {
    if (is_foreign_) {
        is_foreign_ = false;
        kept_.assign(input_.begin(), input_.end());
        kept_from_ = 0;
        return use_kept();
    }
    if (!input_.empty()) {
        kept_from_ = static_cast<std::size_t>(input_.data() - kept_.data());
        return;
    }
    // Idle connections hold nothing.
    if (!kept_.empty()) byte_vector().swap(kept_);
    kept_from_ = 0;
    input_ = {};
}

}  // namespace logstore::kafka
