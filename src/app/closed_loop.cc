#include "app/closed_loop.h"

#include "base/check.h"
#include "kafka/client/records.h"

namespace logstore::app {

/// One connection and the request it repeats.
class closed_loop::worker final : public kafka::response_waiter {
  public:
    worker(closed_loop& owner, std::unique_ptr<kafka::client_connection> connection,
           std::int32_t correlation_id, kafka::api_version version, byte_vector frame)
        : owner_(owner),
          connection_(std::move(connection)),
          correlation_id_(correlation_id),
          version_(version),
          frame_(std::move(frame)) {}

    void send_next(env::monotonic_time now) {
        if (!owner_.take_request()) return owner_.worker_done();
        sent_at_ = now;
        // One request is in flight at a time, so that all may carry the same correlation id.
        const auto sent = connection_->send_frame(frame_, correlation_id_, *this);
        if (sent) return connection_->flush();
        owner_.count_failure(sent.error());
        lose_connection();
    }

    void on_response(result<kafka::received_frame> response) override {
        if (!response) {
            owner_.count_failure(response.error());
            return lose_connection();
        }
        const env::monotonic_time now = owner_.world_.time().now();
        const auto outcome = kafka::read_produce_answer(response->bytes(), version_);
        if (outcome) {
            ++owner_.tally_.succeeded;
            owner_.tally_.latencies.record(now - sent_at_);
        } else {
            owner_.count_failure(outcome.error());
        }
        send_next(now);
    }

  private:
    void lose_connection() {
        ++owner_.tally_.connections_lost;
        owner_.worker_done();
    }

    closed_loop& owner_;
    std::unique_ptr<kafka::client_connection> connection_;
    const std::int32_t correlation_id_;
    const kafka::api_version version_;
    const env::shared_bytes frame_;
    env::monotonic_time sent_at_;
};

closed_loop::closed_loop(env::environment world, std::uint64_t requests) : world_(world), left_(requests) {}
closed_loop::~closed_loop() {
    CHECK(working_ == 0, "{} connections are at work", working_);
}

result<> closed_loop::add(std::unique_ptr<kafka::client_connection> connection, const topic_partition& to,
                          bytes_view batch) {
    const auto version = connection->versions().choose(kafka::api_key::produce);
    if (!version) return std::unexpected(version.error());
    const std::int32_t id = connection->next_correlation_id();
    byte_vector frame;
    LOGSTORE_TRY(kafka::append_produce_frame(frame, *connection, id, to, batch, kafka::required_acks::all));
    workers_.push_back(
        std::make_unique<worker>(*this, std::move(connection), id, *version, std::move(frame)));
    return {};
}

env::task<void> closed_loop::run() {
    CHECK(!workers_.empty());
    working_ = workers_.size();
    const env::monotonic_time start = world_.time().now();
    for (const auto& one : workers_) one->send_next(world_.time().now());
    co_await done_;
    tally_.elapsed = world_.time().now() - start;
    // The last answer is still being handed out: nobody may destroy its connection from here.
    co_await env::yield(world_.loop);
}

bool closed_loop::take_request() {
    if (left_ == 0) return false;
    --left_;
    ++tally_.sent;
    return true;
}

void closed_loop::count_failure(const error& why) {
    ++tally_.failed;
    if (tally_.first_failure.empty()) tally_.first_failure = why.message();
}

void closed_loop::worker_done() {
    CHECK(working_ > 0);
    if (--working_ == 0) done_.set(true);
}

}  // namespace logstore::app
