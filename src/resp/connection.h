// One Redis client's connection: commands in, replies out, in order.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "env/gate.h"
#include "env/stream.h"
#include "resp/request_parser.h"
#include "resp/serving.h"
#include "resp/session.h"
#include "resp/wave.h"

namespace logstore::resp {

class connection;

/// Who keeps a connection.
class connection_owner {
  public:
    virtual ~connection_owner() = default;
    /// Nothing refers to the connection any more: destroy it. From the loop, last.
    virtual void on_gone(connection& which) = 0;
};

/// The protocol of a connection, over a stream. One shard.
///
/// Commands are served in waves: consecutive ones of the same kind that have arrived together. Reads of keys are read
/// together. Writes are begun together, and the next wave of writes begins as soon as the order of these is settled,
/// so that they share a group of the journal. A read begins when the writes before it are done, a write when the reads
/// before it are. Replies leave in the order of the commands.
///
/// What is no request is answered with an error after the replies before it, and ends the connection, as nobody knows
/// where the next one begins. A write whose outcome is not known ends the connection in the place of its reply.
///
/// A client that shuts its sending side gets the replies to all that it sent; a read that waits ends then.
///
/// Back-pressure: while a limit of the connection is reached (server_options) nothing more is received. After the
/// stream closed, the object stays until what it started has completed; then connection_owner::on_gone.
class connection final : public env::stream_handler, private reply_stream {
  public:
    /// What each connection may hold outside the limits of the process: the beginning of a request and what came
    /// behind it, one small answer, replies that have not left.
    static constexpr std::size_t floor_bytes = std::size_t(96) << 10;

    connection(const serving& with, connection_owner& owner, std::unique_ptr<env::stream> socket);
    ~connection() override;

    /// For the owner: where it keeps this connection.
    std::list<std::unique_ptr<connection>>::iterator place;

    void start() { stream_->start(*this); }
    /// No further command is taken; what is under way is answered, soon, and the stream closed then.
    void finish();
    /// Closes the stream at once.
    void abort();
    const std::string& peer() const { return session_.peer; }

    /// Called in regular intervals: ends the connection when too many have passed with nothing going on.
    struct patience {
        std::uint32_t idle_ticks = 0;
        std::uint32_t request_ticks = 0;
        std::uint32_t write_ticks = 0;
    };
    void on_tick(const patience& limits);

    std::size_t receive_max() override;
    void on_received(bytes_view bytes) override;
    void on_sent(std::size_t pending_bytes) override;
    bool on_peer_finished() override;
    void on_closed(error why) override;

  private:
    enum class state : std::uint8_t {
        open,
        finishing,  ///< no further command is taken
        closing,    ///< the stream was told to close
        closed,     ///< the stream has gone
    };

    // Taking commands in.
    void work();
    bool may_take_request() const;
    /// False: nothing more can be done now.
    bool take_next();
    request_parser::verdict parse_next();
    void drop_request();
    bool may_begin(command_kind kind) const;
    void run_now(const command& what);
    void refuse_unknown(std::string_view name);
    bool end_with_problem();
    void begin_wave(const command& first);
    void fill(wave& made, const command& first);
    void give_input(wave& to);
    void drop_used_input();
    bool hold_input();
    static env::task<void> run(connection* self, wave* what);
    void on_wave_done(wave& done);
    void work_later();

    // Replies.
    void answer_done_waves();
    void close_in_place();
    void send_output();
    void note_unsent();
    std::size_t unsent_bytes() const { return stream_->pending_send_bytes() + output_.size(); }
    env::task<void> pass_on(std::string& replies) override;
    void wake_drained();

    void update_receiving();
    void update_end();
    bool is_stalled(const patience& limits);
    std::string_view rest() const { return text_of(bytes_view(input_).subspan(used_)); }

    const serving& with_;
    connection_owner& owner_;
    std::unique_ptr<env::stream> stream_;
    env::gate gate_;
    session session_;
    wait_signal hurry_;
    wave_context context_;

    byte_vector input_;
    std::size_t used_ = 0;
    request_parser parser_;
    /// A request has been found and not been taken.
    bool has_request_ = false;
    /// Of with_.request_memory, for input_.
    std::size_t input_bytes_held_ = 0;

    /// Under way, in the order of their commands.
    std::deque<std::unique_ptr<wave>> waves_;
    std::size_t in_flight_bytes_ = 0;

    std::string output_;
    /// Of with_.answer_memory.
    std::size_t unsent_bytes_held_ = 0;
    std::coroutine_handle<> drain_waiter_;

    state state_ = state::open;
    bool is_working_ = false;
    bool is_work_posted_ = false;
    bool is_paused_ = false;
    bool is_going_ = false;
    /// The client sends no more: what has arrived is answered, then the stream closed.
    bool has_all_input_ = false;

    std::uint32_t quiet_ticks_ = 0;
    std::uint32_t arriving_ticks_ = 0;
    std::uint32_t unsent_ticks_ = 0;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t taken_mark_bytes_ = 0;
};

}  // namespace logstore::resp
