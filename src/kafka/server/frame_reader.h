// Cuts the bytes of a connection into frames.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/protocol/frame.h"
#include "kafka/server/growing_buffer.h"

namespace logstore::kafka {

/// Frames out of received bytes. A frame that lies whole in them is not copied. One that goes on in later
/// bytes is put together in a buffer of its own, which is offered to the stream (space()), so that the kernel
/// writes the rest there. What cannot be worked on yet is kept (keep_rest()).
///
/// Memory: the kept bytes, which the caller bounds by pausing the stream when is_behind(); and one buffer for
/// the frame that is arriving. Up to `small_frame_bytes_max` it grows by itself; each larger step, which is
/// in proportion to what has arrived, needs the caller's leave.
class frame_reader {
  public:
    /// The buffer of a frame that is arriving has up to so many bytes without leave.
    static constexpr std::size_t small_frame_bytes_max = std::size_t(16) << 10;
    /// From here on is_behind().
    static constexpr std::size_t kept_bytes_soft_max = std::size_t(16) << 10;

    enum class step {
        need_bytes,  ///< nothing to do until more arrives
        needs_room,  ///< a large frame goes on: make_room() when there is memory for wanted_room_bytes()
        frame,       ///< frame() is whole
        bad,         ///< the length is nonsense: problem()
    };

    explicit frame_reader(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

    /// Where the next bytes should go: the rest of an incomplete frame, or empty = anywhere.
    mutable_bytes space();
    /// Bytes arrived, in the last space() or elsewhere; in the second case they must stay until keep_rest().
    void receive(bytes_view bytes);
    /// What comes next. The answer stays the same until something of this object is called that is not const.
    step next();

    /// After step::frame: what follows the length. Valid until consume(), receive() or keep_rest().
    bytes_view frame() const { return is_assembling_ ? assembly_.filled() : input_.first(frame_length_); }
    /// After step::frame: its bytes with its length.
    std::size_t frame_bytes() const { return frame_prefix_bytes + frame_length_; }
    /// After step::needs_room: how large the frame's buffer should be now, and in the end.
    std::size_t wanted_room_bytes() const;
    std::size_t whole_room_bytes() const { return frame_length_; }
    /// After step::needs_room: what has arrived of it.
    bytes_view begun_frame() const { return assembly_.filled_bytes() > 0 ? assembly_.filled() : input_; }
    void make_room() { assembly_.make_room(wanted_room_bytes()); }
    /// After step::frame: makes the frame's bytes live as long as the pointer, wherever they are now, and
    /// returns them.
    bytes_view share_frame(std::shared_ptr<const void>& owner);
    /// Goes on to what follows the frame.
    void consume();
    /// After step::bad.
    const error& problem() const { return *problem_; }

    /// Copies what was received and not consumed.
    void keep_rest();
    /// Bytes that were received and not looked at, or a whole frame.
    bool has_input() const { return !input_.empty() || (is_assembling_ && assembly_.is_full()); }
    /// So much is kept that the stream should pause.
    bool is_behind() const { return input_.size() >= kept_bytes_soft_max; }
    /// Memory of the bytes kept.
    std::size_t kept_bytes() const { return kept_.capacity(); }
    /// A frame above small_frame_bytes_max has begun and is not consumed.
    bool is_within_large_frame() const { return has_length_ && frame_length_ > small_frame_bytes_max; }
    /// Of the frame that has begun.
    std::size_t arrived_bytes() const { return assembly_.filled_bytes() + input_.size(); }

  private:
    /// Each step makes the buffer this many times larger than what has arrived: few steps, and at most so
    /// much more memory than bytes that were really sent.
    static constexpr std::size_t growth = 4;

    bool read_length();
    void use_kept() { input_ = bytes_view(kept_).subspan(kept_from_); }

    std::size_t frame_bytes_max_;
    /// Received and not consumed: elsewhere (is_foreign_), or kept_ from kept_from_ on.
    bytes_view input_;
    bool is_foreign_ = false;
    byte_vector kept_;
    std::size_t kept_from_ = 0;

    std::array<std::byte, frame_prefix_bytes> prefix_{};
    std::size_t prefix_filled_ = 0;
    bool has_length_ = false;
    std::size_t frame_length_ = 0;
    /// The frame is in assembly_, whole or not; else in input_.
    bool is_assembling_ = false;
    growing_buffer assembly_;
    /// After share_frame() of an assembled frame: the buffer's new home.
    bytes_view shared_;
    std::optional<error> problem_;
};

}  // namespace logstore::kafka
