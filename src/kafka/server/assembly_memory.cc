#include "kafka/server/assembly_memory.h"

#include <utility>

#include "base/check.h"

namespace logstore::kafka {

unfinished_frame::~unfinished_frame() {
    CHECK(!waits_ && room_bytes_ == 0, "a frame must release its memory before it goes");
}

assembly_memory::~assembly_memory() {
    CHECK(waiting_.empty() && held_bytes() == 0);
}

bool assembly_memory::step_fits(const unfinished_frame& frame) const {
    return arriving_bytes_ + (frame.wanted_bytes_ - frame.room_bytes_) <= half_bytes_;
}

bool assembly_memory::whole_fits(const unfinished_frame& frame) const {
    return finishing_bytes_ == 0 || finishing_bytes_ + frame.whole_bytes_ <= half_bytes_;
}

bool assembly_memory::try_grow(unfinished_frame& frame, bool is_first) {
    if (step_fits(frame)) {
        arriving_bytes_ += frame.wanted_bytes_ - frame.room_bytes_;
        frame.room_bytes_ = frame.wanted_bytes_;
        return true;
    }
    if (!is_first || !whole_fits(frame)) return false;
    arriving_bytes_ -= frame.room_bytes_;
    finishing_bytes_ += frame.whole_bytes_;
    frame.room_bytes_ = frame.whole_bytes_;
    frame.is_finishing_ = true;
    // Its room among those that arrive is free now.
    if (!waiting_.empty()) serve_waiting_later();
    return true;
}

bool assembly_memory::grow_or_wait(unfinished_frame& frame, std::size_t room_bytes, std::size_t whole_bytes) {
    CHECK(!frame.waits_);
    CHECK(room_bytes <= whole_bytes);
    if (room_bytes <= frame.room_bytes_) return true;
    frame.wanted_bytes_ = room_bytes;
    frame.whole_bytes_ = whole_bytes;
    if (try_grow(frame, waiting_.empty())) return true;
    frame.place_ = waiting_.insert(waiting_.end(), &frame);
    frame.waits_ = true;
    had_to_wait_ = true;
    return false;
}

void assembly_memory::stop_waiting(unfinished_frame& frame) {
    if (!std::exchange(frame.waits_, false)) return;
    waiting_.erase(frame.place_);
}

void assembly_memory::release(unfinished_frame& frame) {
    stop_waiting(frame);
    (frame.is_finishing_ ? finishing_bytes_ : arriving_bytes_) -= std::exchange(frame.room_bytes_, 0);
    frame.is_finishing_ = false;
    if (!waiting_.empty()) serve_waiting_later();
}

/// Not at once: the callers are in the middle of their own work.
void assembly_memory::serve_waiting_later() {
    if (std::exchange(is_service_posted_, true)) return;
    loop_.post([this] {
        is_service_posted_ = false;
        serve_waiting();
    });
}

void assembly_memory::serve_waiting() {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        unfinished_frame& frame = **next;
        const bool is_first = next == waiting_.begin();
        ++next;
        if (!try_grow(frame, is_first)) continue;
        stop_waiting(frame);
        frame.on_room();
    }
}

bool assembly_memory::take_scarcity() {
    return std::exchange(had_to_wait_, !waiting_.empty());
}

}  // namespace logstore::kafka
