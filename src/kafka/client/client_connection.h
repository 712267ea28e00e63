// One connection to a Kafka broker: negotiated versions, pipelined requests, answers by correlation id.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "env/completion.h"
#include "env/environment.h"
#include "kafka/client/errc.h"
#include "kafka/client/frame_assembler.h"
#include "kafka/client/version_table.h"
#include "kafka/protocol/codec.h"

namespace logstore::kafka {

struct connection_options {
    std::string client_id = "logstore";
    /// As brokers list them: letters, digits, '-' and '.' (is_legal_software_name).
    std::string software_name = "logstore";
    std::string software_version = "0";
    /// From sending a request to its answer.
    env::duration request_timeout = std::chrono::seconds(30);
    /// The longest answer. A longer one breaks the connection, whatever a broker claims.
    std::size_t response_bytes_max = std::size_t(64) << 20;
    std::size_t in_flight_max = 1024;
    /// Requests that the kernel has not taken yet.
    std::size_t unsent_bytes_max = std::size_t(64) << 20;
};

/// Told the answer to one request, once. It may destroy the connection from inside.
class response_waiter {
  public:
    virtual ~response_waiter() = default;
    virtual void on_response(result<received_frame> response) = 0;
};

/// An answer and the bytes that its views point into.
template <message T>
struct answered {
    T message;
    env::shared_bytes frame;

    T* operator->() { return &message; }
    const T* operator->() const { return &message; }
};

/// A connection of one executor. Requests leave in the order in which they are made and are answered in that
/// order; any number up to in_flight_max may be under way. An error of one answer breaks the connection:
/// every request in flight then fails with it, later ones fail at once, and a new connection must be made.
/// Each request says by its error whether it may have been carried out (errc.h). Memory: options' limits, and
/// nothing but one timer while idle.
class client_connection final : private env::stream_handler {
  public:
    /// Connects and asks which versions the broker speaks. `world` outlives the connection.
    static env::task<result<std::unique_ptr<client_connection>>> connect(env::environment world,
                                                                         env::socket_address to,
                                                                         connection_options options);
    /// REQUIRES: nothing in flight, or close() before.
    ~client_connection() override;
    client_connection(const client_connection&) = delete;
    client_connection& operator=(const client_connection&) = delete;

    /// Sends `request`, in the highest version that both speak and that is not above `highest`, and waits for
    /// the answer. Views in the request need to live until the call is awaited. Not for requests without an
    /// answer (Produce with acks=0).
    template <message Response, message Request>
    env::task<result<answered<Response>>> call(Request request,
                                               api_version highest = api_version(api_info::never)) {
        const auto version = versions_.choose(Request::api, highest);
        if (!version) co_return std::unexpected(version.error());
        const std::int32_t id = next_correlation_id();
        byte_vector encoded;
        auto framed = append_request(encoded, *version, id, options_.client_id, request);
        if (!framed) co_return std::unexpected(error(client_errc::unsupported, framed.error().message()));

        one_answer answer;
        auto sent = send_frame(env::shared_bytes(std::move(encoded)), id, answer);
        if (!sent) co_return std::unexpected(std::move(sent).error());
        flush();
        auto frame = co_await answer.arrived;
        if (!frame) co_return std::unexpected(std::move(frame).error());
        co_return decode<Response>(std::move(*frame), *version);
    }

    /// Queues a whole frame that was encoded before, which carries `correlation_id`; its bytes stay as they
    /// are until the answer. `waiter` is told from the loop, never inside this call, and not at all when the
    /// call fails. It lives until then.
    result<> send_frame(env::shared_bytes frame, std::int32_t correlation_id, response_waiter& waiter);
    /// The same for a request that gets no answer (Produce with acks=0): nobody is told what became of it.
    result<> send_unanswered(env::shared_bytes frame);
    /// Hands what is queued to the kernel.
    void flush();
    /// Queued bytes that the kernel has not taken yet.
    std::size_t unsent_bytes() const { return broken_ ? 0 : stream_->pending_send_bytes(); }

    const version_table& versions() const { return versions_; }
    const connection_options& options() const { return options_; }
    std::int32_t next_correlation_id() { return next_correlation_id_++ & 0x7fffffff; }
    std::size_t in_flight() const { return in_flight_.size(); }
    bool is_open() const { return !broken_; }
    std::string peer() const { return to_.text(); }

    /// Closes at once. Requests in flight fail with client_errc::closed, inside this call.
    void close();

  private:
    struct request_in_flight {
        std::int32_t correlation_id = 0;
        response_waiter* waiter = nullptr;
        env::monotonic_time deadline;
    };
    struct one_answer final : response_waiter {
        env::completion<result<env::shared_bytes>> arrived;
        void on_response(result<received_frame> response) override;
    };

    client_connection(env::environment world, env::socket_address to, connection_options options,
                      std::unique_ptr<env::stream> stream);

    env::task<result<>> negotiate();
    env::task<result<answered<api_versions_response>>> ask_versions(std::int16_t version);

    template <message Response>
    result<answered<Response>> decode(env::shared_bytes frame, api_version version) {
        auto decoded = decode_response<Response>(frame.bytes, version);
        if (!decoded) {
            const error why(client_errc::bad_response, peer() + ": " + decoded.error().message());
            if (!broken_) break_with(why);
            return std::unexpected(why);
        }
        return answered<Response>{std::move(*decoded), std::move(frame)};
    }

    mutable_bytes receive_space() override { return assembler_.space(); }
    void on_received(bytes_view bytes) override;
    void on_closed(error why) override;

    /// Whether `frame` may be queued now.
    result<> admit(const env::shared_bytes& frame) const;
    /// Gives `frame` to the request it answers; an error when it answers none.
    result<> dispatch(received_frame frame);
    void arm_timer(env::monotonic_time when);
    void look_at_deadline();
    /// Fails what is in flight, and all that comes. The connection may be gone afterwards.
    void break_with(const error& why);

    env::environment world_;
    env::socket_address to_;
    connection_options options_;
    std::unique_ptr<env::stream> stream_;
    version_table versions_;
    frame_assembler assembler_;
    std::deque<request_in_flight> in_flight_;
    std::int32_t next_correlation_id_ = 0;
    std::optional<env::timer_id> timer_;
    std::optional<error> broken_;
    /// Set while waiters are being told: where the destructor says that it ran.
    bool* destroyed_ = nullptr;
};

}  // namespace logstore::kafka
