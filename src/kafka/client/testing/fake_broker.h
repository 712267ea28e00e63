// A broker for tests: speaks the protocol over real or simulated streams, and says what the test wants.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <memory>

#include "env/environment.h"
#include "kafka/protocol/api_versions.h"
#include "kafka/protocol/codec.h"

namespace logstore::kafka::testing {

/// Listens on a free port of 127.0.0.1 while it lives. Answers ApiVersions itself with `offered`, unless the
/// test takes that over; every other request goes to `on_request`. One executor.
class fake_broker {
  public:
    /// One accepted connection.
    class session final : private env::stream_handler {
      public:
        session(fake_broker& owner, std::unique_ptr<env::stream> stream);

        template <message T>
        void answer(const request_header& to, const T& response) {
            byte_vector frame;
            CHECK(append_response(frame, to.version, to.correlation_id, response));
            send(std::move(frame));
        }
        /// The same after `delay`, and after the answers before it.
        template <message T>
        void answer_after(env::duration delay, const request_header& to, const T& response) {
            byte_vector frame;
            CHECK(append_response(frame, to.version, to.correlation_id, response));
            send_after(delay, std::move(frame));
        }
        void send(byte_vector bytes) { send_after({}, std::move(bytes)); }
        void send_after(env::duration delay, byte_vector bytes);
        void close() { stream_->close(); }
        bool is_open() const { return !closed_; }
        /// Nothing is sent any more.
        void mute() { muted_ = true; }

      private:
        void send_now(byte_vector bytes);
        void on_received(bytes_view bytes) override;
        void on_closed(error) override { closed_ = true; }

        fake_broker& owner_;
        std::unique_ptr<env::stream> stream_;
        byte_vector buffered_;
        env::monotonic_time last_answer_at_;
        std::size_t waiting_ = 0;
        bool closed_ = false;
        bool muted_ = false;
    };

    /// What becomes of a request.
    enum class fate {
        serve,
        close_before,  ///< the connection is closed, nothing is done
        close_after,   ///< it is served, and the connection closed without an answer
        silence,       ///< it is served and never answered, nor is any later one of the connection
    };

    explicit fake_broker(env::environment world);

    env::socket_address address() const;
    std::size_t connections_accepted() const { return sessions_.size(); }
    std::size_t connections_open() const;
    void close_all();
    /// Refuses new connections from now on.
    void stop_listening() { listener_.reset(); }

    std::vector<api_versions_response::range> offered = offered_apis();
    bool takes_over_api_versions = false;
    /// The frame is valid during the call.
    std::function<void(session&, const request_frame&)> on_request;
    std::size_t requests = 0;
    /// Asked before each request that goes to on_request, where set.
    std::function<fate(const request_frame&)> decide;
    /// Before every answer.
    env::duration answer_delay{0};

  private:
    void serve(session& on, bytes_view frame);

    env::executor& loop_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();

    std::unique_ptr<env::listener> listener_;
    std::list<session> sessions_;
};

}  // namespace logstore::kafka::testing
