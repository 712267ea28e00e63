#include "kafka/server/assembly_memory.h"

#include <utility>

#include "base/check.h"

namespace logstore::kafka {

unfinished_frame::~unfinished_frame() {
    CHECK(!waits_ && room_bytes_ == 0, "a frame must release its memory before it goes");
}

assembly_memory::assembly_memory(std::size_t limit_bytes, env::executor& loop)
    : arriving_limit_bytes_(limit_bytes / 2), ordinary_frame_bytes_max_(limit_bytes / 32), loop_(loop) {
    ordinary_.limit_bytes = limit_bytes / 4;
    large_.limit_bytes = limit_bytes / 4;
}

assembly_memory::~assembly_memory() {
    CHECK(!has_waiting() && held_bytes() == 0);
}

assembly_memory::lane& assembly_memory::lane_of(const unfinished_frame& frame) {
    return frame.whole_bytes_ <= ordinary_frame_bytes_max_ ? ordinary_ : large_;
}

bool assembly_memory::try_grow(unfinished_frame& frame, bool is_first) {
    const std::size_t step_bytes = frame.wanted_bytes_ - frame.room_bytes_;
    if (arriving_bytes_ + step_bytes <= arriving_limit_bytes_) {
        arriving_bytes_ += step_bytes;
        frame.room_bytes_ = frame.wanted_bytes_;
        return true;
    }
    lane& to = lane_of(frame);
    const bool fits = to.held_bytes == 0 || to.held_bytes + frame.whole_bytes_ <= to.limit_bytes;
    if (!is_first || !fits) return false;
    arriving_bytes_ -= frame.room_bytes_;
    to.held_bytes += frame.whole_bytes_;
    frame.room_bytes_ = frame.whole_bytes_;
    frame.is_finishing_ = true;
    // Its room among those that arrive is free now.
    if (has_waiting()) serve_waiting_later();
    return true;
}

bool assembly_memory::grow_or_wait(unfinished_frame& frame, std::size_t room_bytes, std::size_t whole_bytes) {
    CHECK(!frame.waits_);
    CHECK(room_bytes <= whole_bytes);
    if (room_bytes <= frame.room_bytes_) return true;
    frame.wanted_bytes_ = room_bytes;
    frame.whole_bytes_ = whole_bytes;
    std::list<unfinished_frame*>& waiting = lane_of(frame).waiting;
    if (try_grow(frame, waiting.empty())) return true;
    frame.place_ = waiting.insert(waiting.end(), &frame);
    frame.waits_ = true;
    had_to_wait_ = true;
    return false;
}

void assembly_memory::stop_waiting(unfinished_frame& frame) {
    if (!std::exchange(frame.waits_, false)) return;
    lane_of(frame).waiting.erase(frame.place_);
}

void assembly_memory::release(unfinished_frame& frame) {
    stop_waiting(frame);
    (frame.is_finishing_ ? lane_of(frame).held_bytes : arriving_bytes_) -=
        std::exchange(frame.room_bytes_, 0);
    frame.is_finishing_ = false;
    if (has_waiting()) serve_waiting_later();
}

/// Not at once: the callers are in the middle of their own work.
void assembly_memory::serve_waiting_later() {
    if (std::exchange(is_service_posted_, true)) return;
    loop_.post([this] {
        is_service_posted_ = false;
        serve_waiting(ordinary_);
        serve_waiting(large_);
    });
}

void assembly_memory::serve_waiting(lane& which) {
    for (auto next = which.waiting.begin(); next != which.waiting.end();) {
        unfinished_frame& frame = **next;
        const bool is_first = next == which.waiting.begin();
        ++next;
        if (!try_grow(frame, is_first)) continue;
        stop_waiting(frame);
        frame.on_room();
    }
}

bool assembly_memory::take_scarcity() {
    return std::exchange(had_to_wait_, has_waiting());
}

}  // namespace logstore::kafka
