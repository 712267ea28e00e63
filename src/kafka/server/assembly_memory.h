// The memory of large frames that have not arrived whole, on one shard.
#pragma once

#include <cstddef>
#include <list>

#include "env/executor.h"

namespace logstore::kafka {

/// A large frame that is arriving, as its memory knows it.
class unfinished_frame {
  public:
    unfinished_frame() = default;
    unfinished_frame(const unfinished_frame&) = delete;
    unfinished_frame& operator=(const unfinished_frame&) = delete;
    virtual ~unfinished_frame();
    /// The room that was waited for is there. From the loop, never from inside grow_or_wait(). May ask for
    /// more; must not end the wait of another frame.
    virtual void on_room() = 0;
    bool waits_for_room() const { return waits_; }
    /// Bytes that it may hold.
    std::size_t room_bytes() const { return room_bytes_; }

  private:
    friend class assembly_memory;
    std::size_t room_bytes_ = 0;
    bool is_finishing_ = false;
    bool waits_ = false;
    std::size_t wanted_bytes_ = 0;
    std::size_t whole_bytes_ = 0;
    std::list<unfinished_frame*>::iterator place_;
};

/// A limit on the bytes of frames under way, under which what a peer merely announces counts nothing and no
/// frame waits for ever:
///
/// - One half is for frames that arrive. Each takes room as its bytes come, a step at a time, so it holds in
///   proportion to what the peer has really sent. Whose step fits gets it at once.
/// - The other half is for finishing: a quarter for ordinary frames, up to a 32nd of the limit, and a quarter
///   for larger ones, which so cannot hold the ordinary ones up. Frames whose step does not fit wait, and are
///   let through there in the order in which they began to wait, each with room for all of it: as many as fit
///   into the quarter, or one that is larger. So those that hold a part each never wait for each other: a
///   frame that finishes needs nothing more, and ends, or is closed because it does not go on
///   (take_scarcity()).
///
/// At most the limit is held; where frames may be larger than a quarter of it, three quarters and one frame.
/// One shard.
class assembly_memory {
  public:
    assembly_memory(std::size_t limit_bytes, env::executor& loop);
    assembly_memory(const assembly_memory&) = delete;
    assembly_memory& operator=(const assembly_memory&) = delete;
    ~assembly_memory();

    /// True: `frame`, which will be `whole_bytes` large, may hold `room_bytes`. False: it may later, and must
    /// live until then or release(). REQUIRES: it does not wait already.
    bool grow_or_wait(unfinished_frame& frame, std::size_t room_bytes, std::size_t whole_bytes);
    /// `frame` holds nothing and waits no more; harmless when that is so already.
    void release(unfinished_frame& frame);

    /// Whether a frame had to wait since the last call: then frames that hold room must go on or go.
    bool take_scarcity();
    std::size_t held_bytes() const { return arriving_bytes_ + ordinary_.held_bytes + large_.held_bytes; }

  private:
    /// Where frames of one kind finish.
    struct lane {
        std::size_t limit_bytes = 0;
        std::size_t held_bytes = 0;
        /// In the order in which they began to wait.
        std::list<unfinished_frame*> waiting;
    };

    lane& lane_of(const unfinished_frame& frame);
    bool has_waiting() const { return !ordinary_.waiting.empty() || !large_.waiting.empty(); }
    bool try_grow(unfinished_frame& frame, bool is_first);
    void stop_waiting(unfinished_frame& frame);
    void serve_waiting_later();
    void serve_waiting(lane& which);

    const std::size_t arriving_limit_bytes_;
    const std::size_t ordinary_frame_bytes_max_;
    env::executor& loop_;
    /// Room of frames that do not finish yet.
    std::size_t arriving_bytes_ = 0;
    lane ordinary_;
    lane large_;
    bool had_to_wait_ = false;
    bool is_service_posted_ = false;
};

}  // namespace logstore::kafka
