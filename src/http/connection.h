// One client's connection: requests in, answers out, in order.
#pragma once

#include <coroutine>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "env/gate.h"
#include "env/stream.h"
#include "http/append_slot.h"
#include "http/chunked_decoder.h"
#include "http/output.h"
#include "http/request_context.h"
#include "http/serving.h"

namespace logstore::http {

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
/// Appends overlap: each is handed to the broker as soon as it has arrived, and the answers leave in the
/// order of the requests, all that one burst of appends released in one flush. Any other request waits until
/// those before it are done, and is answered before the next one is looked at.
///
/// A request that is not understood is answered with an error after the answers before it, and ends the
/// connection where it is not known, or not worth finding out, where the next one begins. An append whose
/// outcome is not known ends the connection in the place of its answer.
///
/// A client that shuts its sending side gets the answers to all that it sent; a read that waits and a stream
/// of records end then, for such a client may as well be gone.
///
/// Back-pressure: while a limit of the connection is reached (server_options) nothing more is received. What
/// does not fit into the limits of the process is refused with 503; while answers are at theirs, who has some
/// unread is not listened to. After the stream closed, the object stays
/// until what it started has completed; then connection_owner::on_gone.
class connection final : public env::stream_handler,
                         private append_owner,
                         private burst_listener,
                         private answer_stream {
  public:
    /// What each connection may hold outside the limits of the process: a head or the beginning of a body and
    /// what came behind it, what is kept of the head, answers that have not left.
    static constexpr std::size_t floor_bytes = std::size_t(80) << 10;

    connection(const serving& with, connection_owner& owner, std::unique_ptr<env::stream> socket);
    ~connection() override;

    /// For the owner: where it keeps this connection.
    std::list<std::unique_ptr<connection>>::iterator place;

    void start() { stream_->start(*this); }
    /// No further request is taken; what is under way is answered, soon, and the stream closed then.
    void finish();
    /// Closes the stream at once.
    void abort();

    /// Of unsent answers, what is in floor_bytes.
    static constexpr std::size_t uncounted_unsent_bytes = std::size_t(16) << 10;

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
        finishing,  ///< no further request is taken
        closing,    ///< the stream was told to close
        closed,     ///< the stream has gone
    };
    /// How far the request has come that is next.
    enum class phase : std::uint8_t { head, body, whole, failed };

    /// What is kept of a head.
    struct request {
        method asked = method::get;
        bool is_version_1_1 = true;
        bool keeps_alive = true;
        target what;
        std::string allowed_origin;
        std::optional<std::string> last_event_id;
        std::size_t content_length = 0;
        std::optional<chunked_decoder> chunks;
        bool awaits_continue = false;
        bool has_made_topic = false;
        /// When it was there as a whole.
        env::monotonic_time begun{};
    };

    void work();
    bool may_take_request() const;
    void drop_used_input();
    /// False: nothing more can be done now.
    bool take_next();
    bool take_head();
    api_result<> admit(const request_head& head);
    api_result<> admit_body(const request_head& head);
    bool take_body();
    api_result<bool> take_chunks();
    bool hold(std::size_t bytes);
    bytes_view rest() const { return bytes_view(input_).subspan(used_); }
    bytes_view body() const {
        return request_.chunks ? bytes_view(chunked_body_) : rest().first(request_.content_length);
    }
    bool dispatch();
    bool take_append();
    api_result<bool> start_append();
    env::task<void> make_topic(std::string name);
    void take_other();
    env::task<void> serve(byte_vector body);
    bool fail(api_error why, bool ends_connection);
    bool answer_failure();
    void use_up_body();
    void next_request();

    sending how() const;
    env::monotonic_time now() const { return with_.target.world().time().now(); }
    void write_answer(answer what, const sending& how, route where);
    void count_time(route where, env::monotonic_time begun);
    void answer_done_slots();
    void close_in_place(std::string_view why);
    void send_output();
    std::size_t unsent_bytes() const { return stream_->pending_send_bytes() + output_.size_bytes(); }
    void note_unsent();
    void note_sent();
    void update_receiving();
    void update_end();
    void leave_later();
    bool is_stalled(const patience& limits);

    void on_appended(append_slot& slot) override;
    void on_burst_end() override;
    void begin(const answer& head) override;
    void write(std::string piece) override;
    env::task<void> drained() override;
    void wake_drained();

    const serving& with_;
    connection_owner& owner_;
    std::unique_ptr<env::stream> stream_;
    env::gate gate_;

    byte_vector input_;
    std::size_t used_ = 0;
    head_scanner scanner_;
    phase phase_ = phase::head;
    request request_;
    byte_vector chunked_body_;
    std::optional<api_error> failure_;
    bool failure_ends_connection_ = false;
    /// Of with_.request_memory, for the request that arrives.
    std::size_t request_bytes_held_ = 0;

    /// Appends without an answer yet, in the order of arrival.
    std::unique_ptr<append_slot> first_slot_;
    append_slot* last_slot_ = nullptr;
    std::size_t slots_ = 0;
    std::size_t in_flight_bytes_ = 0;

    output output_;
    /// Of with_.answer_memory, for what is in output_ and in the stream.
    std::size_t answer_bytes_held_ = 0;
    /// And for the rest of what the stream holds.
    std::size_t unsent_bytes_held_ = 0;
    std::coroutine_handle<> drain_waiter_;
    wait_signal hurry_;

    state state_ = state::open;
    bool is_working_ = false;
    /// A request other than an append is being served, or a topic made for one.
    bool is_serving_ = false;
    bool is_paused_ = false;
    bool awaits_burst_end_ = false;
    bool is_leaving_ = false;
    /// The client sends no more: what has arrived is answered, then the stream closed.
    bool has_all_input_ = false;

    std::uint32_t quiet_ticks_ = 0;
    std::uint32_t arriving_ticks_ = 0;
    std::uint32_t unsent_ticks_ = 0;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t taken_mark_bytes_ = 0;
};

}  // namespace logstore::http
