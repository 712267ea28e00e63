// One connection of a simulated network, with both of its ends.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "env/stream.h"
#include "env/testing/sim_network.h"

namespace logstore::env {

/// Side 0 connected, side 1 accepted. Lives as long as a stream of either side, or something on its way
/// between them.
class sim_connection : public std::enable_shared_from_this<sim_connection> {
  public:
    struct end_description {
        sim_machine machine = 0;
        std::uint64_t process = 0;
        sim_executor* loop = nullptr;
        /// What peer() answers at this end.
        std::string peer;
    };

    sim_connection(sim_network& net, end_description connecting, end_description accepting);

    // ---- for tests
    sim_machine machine(int side) const { return ends_[side].about.machine; }
    const std::string& peer(int side) const { return ends_[side].about.peer; }
    bool is_open() const { return !is_down(ends_[0]) || !is_down(ends_[1]); }
    /// Both ends are told `why`; bytes on their way are lost.
    void break_now(std::errc why = std::errc::connection_reset);
    /// Nothing is delivered either way until resume().
    void stall() { stalled_ = true; }
    void resume();

    // ---- for the two streams
    void start(int side, stream_handler& handler);
    void pause_receiving(int side) { ends_[side].paused = true; }
    void resume_receiving(int side);
    void send(int side, shared_bytes bytes);
    void flush(int side);
    std::size_t pending_send_bytes(int side) const { return ends_[side].queued_bytes; }
    void close(int side);
    void close_after_sending(int side);
    /// The stream is gone: closes, and its handler hears nothing more.
    void abandon(int side);

    // ---- for the network
    /// Delivers what may be delivered now.
    void wake(int side);
    /// The process of that side has ended.
    void end_process(int side);
    std::uint64_t process(int side) const { return ends_[side].about.process; }

  private:
    enum class state {
        open,
        /// What is queued are the last bytes; nothing is delivered any more.
        sending_last,
        /// Everything is sent; waits for the peer to close.
        lingering,
        /// on_closed is on its way.
        closing,
        closed,
    };
    struct arrival {
        std::uint64_t bytes_until;  // of all that were ever handed over
        monotonic_time when;
    };
    /// What is on its way to one end, with the kernels' buffers in it.
    struct pipe {
        byte_vector bytes;
        std::size_t head = 0;
        std::deque<arrival> arrivals;
        std::uint64_t handed_over = 0;
        std::uint64_t taken = 0;
        monotonic_time last_arrival{};
        std::optional<monotonic_time> end_arrives;  // the sender closed
        std::optional<std::pair<monotonic_time, std::error_code>> reset;
        std::size_t window = 0;
        bool is_cut = false;  // the connection broke: nothing that is sent from now on arrives

        std::size_t size() const { return bytes.size() - head; }
        std::size_t arrived(monotonic_time now) const;
        void drop_bytes();
    };
    struct end {
        end_description about;
        stream_handler* handler = nullptr;
        state now = state::open;
        bool paused = false;
        bool peer_has_finished = false;  // and this side goes on
        bool delivery_scheduled = false;
        bool sending_scheduled = false;
        std::deque<shared_bytes> queue;
        std::size_t head_sent = 0;
        std::size_t queued_bytes = 0;
        std::optional<error> why_closed;
        std::optional<timer_id> linger_timer;
        pipe incoming;
    };

    static bool is_down(const end& one) { return one.now == state::closing || one.now == state::closed; }
    static int other(int side) { return 1 - side; }
    bool may_deliver(const end& at) const;
    /// The peer's end is on its way, and not known yet.
    static bool awaits_end(const end& at) {
        return at.incoming.end_arrives && (!at.peer_has_finished || at.now == state::lingering);
    }
    monotonic_time arrival_from(int side);
    void deliver(int side);
    void take_end(int side);
    void hand_to_user(int side, std::size_t available);
    byte_vector take(pipe& from, std::size_t count);
    void maybe_corrupt(byte_vector& bytes);
    void hand_over(int side);
    void all_sent(int side);
    void wake_sender(int side);
    void go_on_sending(int side);
    void reset_peer(int side, std::error_code why);
    void finish_later(int side, error why);
    void finish(int side, error why);
    void shut(int side);

    sim_network& net_;
    std::array<end, 2> ends_;
    bool stalled_ = false;
};

/// What users hold of one side.
class sim_stream final : public stream {
  public:
    sim_stream(std::shared_ptr<sim_connection> connection, int side)
        : connection_(std::move(connection)), side_(side) {}
    ~sim_stream() override { connection_->abandon(side_); }

    void start(stream_handler& handler) override { connection_->start(side_, handler); }
    void pause_receiving() override { connection_->pause_receiving(side_); }
    void resume_receiving() override { connection_->resume_receiving(side_); }
    void send(shared_bytes bytes) override { connection_->send(side_, std::move(bytes)); }
    void flush() override { connection_->flush(side_); }
    std::size_t pending_send_bytes() const override { return connection_->pending_send_bytes(side_); }
    void close() override { connection_->close(side_); }
    void close_after_sending() override { connection_->close_after_sending(side_); }
    std::string peer() const override { return connection_->peer(side_); }

  private:
    const std::shared_ptr<sim_connection> connection_;
    const int side_;
};

}  // namespace logstore::env
