// Cuts the bytes that a broker sends into frames. Knows no connection: bytes in, frames out.
#pragma once

#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "env/stream.h"
#include "kafka/protocol/frame.h"

namespace logstore::kafka {

/// One frame, without its length. Valid during the call that hands it out.
class received_frame {
  public:
    /// `assembled` = the buffer that holds the frame and nothing but it, or null.
    received_frame(bytes_view bytes, byte_vector* assembled) : bytes_(bytes), assembled_(assembled) {}

    bytes_view bytes() const { return bytes_; }
    /// Keeps the frame beyond the call: without a copy when it was assembled. At most once.
    env::shared_bytes take();

  private:
    bytes_view bytes_;
    byte_vector* assembled_;
};

/// A frame that lies whole in what was received is handed out where it lies; others are assembled in a buffer
/// that grows with the bytes that really arrive, never by what a length claims.
class frame_assembler {
  public:
    explicit frame_assembler(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

    /// Where the rest of a frame under way should be received; empty = anywhere. Valid until the next call.
    mutable_bytes space();

    /// Takes bytes that follow those taken before. REQUIRES: they lie at the start of the last space(), or
    /// elsewhere altogether.
    void accept(bytes_view received);
    /// The next whole frame of what was accepted; nothing when more bytes are needed; the error of
    /// frame_length() (kafka/protocol) when the stream is of no use any more. Ask until there is none before
    /// the accepted bytes go.
    result<std::optional<received_frame>> next();

  private:
    /// A frame is received in place when more than this is missing; a smaller rest is cheaper to copy.
    static constexpr std::size_t in_place_bytes_min = 16 * 1024;
    /// Growth of the buffer beyond what has arrived, and the capacity that is kept between frames.
    static constexpr std::size_t growth_bytes_min = 64 * 1024;

    result<std::optional<received_frame>> next_assembled();
    void append(std::size_t count);

    std::size_t frame_bytes_max_;
    /// The start of a frame, prefix included: filled_ bytes of it. Invariant: filled_ <= partial_.size().
    byte_vector partial_;
    std::size_t filled_ = 0;
    /// What accept() brought and next() has not looked at.
    bytes_view fresh_;
    bool handed_out_ = false;
};

}  // namespace logstore::kafka
