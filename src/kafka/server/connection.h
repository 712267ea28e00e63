// One client's connection: frames in, answers out, in order.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "door/fair_turns.h"
#include "env/gate.h"
#include "env/stream.h"
#include "kafka/protocol/header.h"
#include "kafka/server/assembly_memory.h"
#include "shard/byte_budget.h"
#include "kafka/server/frame_reader.h"
#include "kafka/server/output_queue.h"
#include "kafka/server/produce_slots.h"
#include "kafka/server/request_hold.h"
#include "kafka/server/serving.h"
#include "kafka/server/unsent_answers.h"

namespace logstore::kafka {

class connection;

/// Who keeps a connection.
class connection_owner {
  public:
    virtual ~connection_owner() = default;
    /// Nothing refers to the connection any more: destroy it. From the loop, last.
    virtual void on_gone(connection& which) = 0;
};

/// What all connections of a shard share. References to what outlives them.
struct connection_resources {
    serving with;
    budget_share& request_memory;
    budget_share& kept_memory;
    assembly_memory& frame_memory;
    budget_share& answer_memory;
    produce_slots& slots;
    door::fair_turns& turns;
    connection_owner& owner;
};

/// The protocol of a connection, over a stream. One shard.
///
/// Produce requests overlap: each is checked and handed to the broker as soon as it has arrived, and the
/// answers leave in the order of the requests, all that one burst of appends released in one flush. Any other
/// request waits until those before it are done, and is answered before the next one is looked at.
///
/// Back-pressure: while a limit is reached (server_options, process_limits) nothing more is received; it goes
/// on by itself. A request counts among those in flight once it has arrived whole; while a large one arrives,
/// it takes frame memory in proportion to what has come. An answer counts until it has left. Where the
/// process's limits are reached, small requests and answers go on (floor_bytes), fetches that wait hurry, and
/// a peer that leaves its answers unread is closed. A request that cannot be understood ends the
/// connection after the answers before it; so does an append whose outcome is not known, in the place of its
/// answer.
///
/// After the stream closed, the object stays until what it started has completed; then
/// connection_owner::on_gone.
class connection final : public env::stream_handler,
                         private produce_owner,
                         private budget_waiter,
                         private unfinished_frame,
                         private burst_listener,
                         private door::turn_taker {
  public:
    /// Requests and answers up to so many bytes, one at a time, are let through whatever others hold. Requests
    /// other than Produce grow when they are decoded: for them it is less.
    static constexpr std::size_t small_bytes_max = std::size_t(16) << 10;
    static constexpr std::size_t small_other_request_bytes_max = std::size_t(2) << 10;
    /// One delivery where memory is scarce.
    static constexpr std::size_t small_delivery_bytes_max = std::size_t(16) << 10;
    /// What each connection may hold outside the limits of the process: a small frame that arrives, what came
    /// behind it, a small request, a small answer.
    static constexpr std::size_t floor_bytes =
        frame_reader::small_frame_bytes_max + frame_reader::kept_bytes_soft_max + small_delivery_bytes_max +
        2 * small_bytes_max;

    connection(const connection_resources& shared, std::unique_ptr<env::stream> socket);
    ~connection() override;

    /// For the owner: where it keeps this connection.
    std::list<std::unique_ptr<connection>>::iterator place;
    /// For the owner: who is at the other end, also when the stream has gone.
    std::string peer;

    void start() { stream_->start(*this); }
    /// No further request is taken; what is under way is answered, soon, and the stream closed then.
    void finish();
    /// Closes the stream at once.
    void abort();

    /// Called in regular intervals: closes the connection when too many have passed with nothing going on.
    struct patience {
        std::uint32_t idle_ticks = 0;
        /// Of a large frame that has begun.
        std::uint32_t stalled_ticks = 0;
        /// Others wait for frame memory: who holds some must bring a part of it within stalled_ticks.
        bool must_keep_pace = false;
        /// Others wait to be let in: fetches that wait for records do not wait longer.
        bool must_not_wait = false;
        /// Others wait for room for their answers: who takes none of its own is closed after so many; 0 = not.
        std::uint32_t unread_ticks = 0;
    };
    /// That part of what is held is one in so many.
    static constexpr std::size_t pace_divisor = 64;
    void on_tick(const patience& limits);

    mutable_bytes receive_space() override;
    std::size_t receive_max() override;
    void on_received(bytes_view bytes) override;
    void on_sent(std::size_t pending_bytes) override;
    void on_closed(error why) override;

  private:
    enum class state : std::uint8_t {
        open,
        finishing,  ///< no further request is taken
        closing,    ///< the stream was told to close
        closed,     ///< the stream has gone
    };

    /// What a connection does before others of its shard get their turn, in bytes of answers: about a
    /// millisecond. A request costs at least as much as given here.
    static constexpr std::size_t turn_cost_max = std::size_t(64) << 10;
    static constexpr std::size_t produce_cost = 64;
    static constexpr std::size_t other_cost = 512;
    /// What is read at a time, and of an address that takes more than its part of the shard's time.
    static constexpr std::size_t delivery_bytes_max = std::size_t(256) << 10;
    static constexpr std::size_t heavy_delivery_bytes_max = std::size_t(64) << 10;
    /// What a delivery costs before anything is done with it.
    static constexpr env::duration delivery_cost = std::chrono::microseconds(2);
    static constexpr std::size_t delivered_bytes_per_ns = 2;
    /// What a request other than Produce and its answer are thought to cost where no clock saw all of it.
    static constexpr env::duration other_request_cost = std::chrono::microseconds(5);
    static constexpr env::duration encoded_byte_cost = std::chrono::nanoseconds(2);

    /// Takes requests as far as limits and order allow, and sends what that answered.
    void work();
    bool may_take_request();
    env::monotonic_time now() const { return shared_.with.target.world().time().now(); }
    void go_on_later();
    bool must_wait_for_turn(env::monotonic_time when) const;
    void wait_for_turn();
    void pay(env::monotonic_time since);
    /// False: nothing more can be done now.
    bool take_next();
    bool take_request();
    bool take_produce(const request_frame& request);
    void take_other(const request_frame& request);
    env::task<void> serve(std::shared_ptr<const void> owner, bytes_view frame);
    bool is_its_turn();
    bool admit_frame();
    bool is_small_request() const;
    void note_kept();
    std::size_t unsent_max() const;
    bool leaves_answers(const patience& limits);
    bool make_room();
    void note_admitted();
    std::size_t take_admission();

    void answer_done_slots();
    void close_in_place_of(const produce_slot& slot);
    void drop_slot();
    void send_output();
    void note_sent();
    void update_receiving();
    void update_end();
    void refuse(const error& why);
    void give_back(std::size_t bytes);
    void leave_later();

    void on_produced(produce_slot& slot) override;
    void on_burst_end() override;
    void on_granted() override;
    void on_room() override;
    void on_turn() override;
    void note_waiting_tick(const patience& limits);
    bool is_stalled(const patience& limits);

    const connection_resources& shared_;
    std::unique_ptr<env::stream> stream_;
    const door::fair_turns::seat seat_;
    frame_reader reader_;
    output_queue output_;
    env::gate gate_;

    /// Produce requests without an answer yet, in the order of arrival.
    produce_slot* first_slot_ = nullptr;
    produce_slot* last_slot_ = nullptr;
    /// Bytes of requests that were taken and not answered.
    std::size_t in_flight_bytes_ = 0;
    /// Bytes that the frame which comes next holds of the process's budget.
    std::size_t admitted_bytes_ = 0;
    /// Bytes that were received and wait for their turn, as far as they are counted in the process.
    std::size_t kept_bytes_ = 0;
    /// Bytes of fetched records in output_.
    std::size_t fetched_bytes_ = 0;
    unsent_answers unsent_;
    wait_signal hurry_;
    /// Of the request that is being served.
    request_hold* hold_ = nullptr;

    state state_ = state::open;
    bool is_working_ = false;
    /// A request other than Produce is being served.
    bool is_serving_ = false;
    bool is_paused_ = false;
    /// A limit on bytes in flight or on frame memory keeps the next frame out.
    bool is_over_limit_ = false;
    bool awaits_burst_end_ = false;
    bool is_leaving_ = false;
    /// It took as much of the shard's time as a connection may at a time, or its address did: it goes on when
    /// others had theirs.
    bool is_turn_over_ = false;
    /// The turn of its address has come.
    bool has_turn_ = false;
    /// Something arrived since it last worked.
    bool has_news_ = false;
    /// Spent for it and not charged yet: outside work(), and in it, where the clock does not say more.
    env::duration unpaid_{};
    env::duration estimated_{};
    bool has_answered_ = false;
    bool is_refused_ = false;
    std::size_t turn_cost_ = 0;
    std::uint32_t quiet_ticks_ = 0;
    /// Since a large frame last went on, and how much of it had arrived then.
    std::uint32_t stalled_ticks_ = 0;
    std::size_t pace_mark_bytes_ = 0;
    /// Since the peer last took of its answers, and how much it had taken then.
    std::uint32_t unread_ticks_ = 0;
    std::uint64_t unread_mark_ = 0;
    /// Of a frame that waited for room nothing has come since.
    bool owes_bytes_ = false;
};

}  // namespace logstore::kafka
