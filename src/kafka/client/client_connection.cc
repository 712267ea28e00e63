#include "kafka/client/client_connection.h"

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/broker_error.h"

namespace logstore::kafka {

env::task<result<std::unique_ptr<client_connection>>> client_connection::connect(env::environment world,
                                                                                 env::socket_address to,
                                                                                 connection_options options) {
    auto stream = co_await world.net.connect(to);
    if (!stream) {
        co_return fail(client_errc::unreachable, "no connection: " + stream.error().message());
    }
    std::unique_ptr<client_connection> made(
        new client_connection(world, std::move(to), std::move(options), std::move(*stream)));
    auto negotiated = co_await made->negotiate();
    if (!negotiated) {
        const std::string what = fmt::format("{} does not answer as a Kafka server: {}", made->peer(),
                                             negotiated.error().message());
        co_return fail(client_errc::unreachable, what);
    }
    co_return std::move(made);
}

client_connection::client_connection(env::environment world, env::socket_address to,
                                     connection_options options, std::unique_ptr<env::stream> stream)
    : world_(world),
      to_(std::move(to)),
      options_(std::move(options)),
      stream_(std::move(stream)),
      assembler_(options_.response_bytes_max) {
    CHECK(options_.in_flight_max > 0);
    stream_->start(*this);
}

client_connection::~client_connection() {
    CHECK(in_flight_.empty(), "{} requests are still in flight", in_flight_.size());
    if (timer_) world_.loop.cancel_timer(*timer_);
    if (destroyed_ != nullptr) *destroyed_ = true;
}

// --- the first request

env::task<result<>> client_connection::negotiate() {
    const api_info& ours = api_of(api_key::api_versions);
    auto answer = co_await ask_versions(ours.advertised_max);
    // Brokers answer a version from their future with this code, in the layout of version 0.
    if (answer && answer->message.error == error_code::unsupported_version) answer = co_await ask_versions(0);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->message.error != error_code::none)
        co_return std::unexpected(broker_error(answer->message.error));
    versions_ = version_table(std::move(answer->message.apis));
    co_return result<>();
}

env::task<result<answered<api_versions_response>>> client_connection::ask_versions(std::int16_t version) {
    api_versions_request request;
    request.client_software_name = options_.software_name;
    request.client_software_version = options_.software_version;
    const std::int32_t id = next_correlation_id();
    byte_vector encoded;
    auto framed = append_request(encoded, api_version(version), id, options_.client_id, request);
    if (!framed) co_return std::unexpected(std::move(framed).error());

    one_answer answer;
    auto sent = send_frame(env::shared_bytes(std::move(encoded)), id, answer);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    flush();
    auto frame = co_await answer.arrived;
    if (!frame) co_return std::unexpected(std::move(frame).error());

    constexpr std::size_t error_at = sizeof(std::int32_t);
    const bytes_view bytes = frame->bytes;
    const bool refused =
        bytes.size() >= error_at + sizeof(std::int16_t) &&
        load_big<std::int16_t>(bytes.data() + error_at) == std::int16_t(error_code::unsupported_version);
    co_return decode<api_versions_response>(std::move(*frame),
                                            api_version(refused ? std::int16_t(0) : version));
}

// --- requests

result<> client_connection::admit(const env::shared_bytes& frame) const {
    if (broken_) return std::unexpected(error(client_errc::unreachable, broken_->detail));
    const std::size_t unsent = stream_->pending_send_bytes();
    if (unsent + frame.bytes.size() > options_.unsent_bytes_max)
        return fail(client_errc::overloaded, fmt::format("{} bytes wait to be sent to {}", unsent, peer()));
    return {};
}

result<> client_connection::send_frame(env::shared_bytes frame, std::int32_t correlation_id,
                                       response_waiter& waiter) {
    LOGSTORE_TRY(admit(frame));
    if (in_flight_.size() >= options_.in_flight_max) {
        return fail(client_errc::overloaded,
                    fmt::format("{} requests to {} are in flight", in_flight_.size(), peer()));
    }
    const env::monotonic_time deadline = world_.time().now() + options_.request_timeout;
    in_flight_.push_back({correlation_id, &waiter, deadline});
    if (!timer_) arm_timer(deadline);
    stream_->send(std::move(frame));
    return {};
}

result<> client_connection::send_unanswered(env::shared_bytes frame) {
    LOGSTORE_TRY(admit(frame));
    stream_->send(std::move(frame));
    return {};
}

void client_connection::flush() {
    if (!broken_) stream_->flush();
}

void client_connection::one_answer::on_response(result<received_frame> response) {
    if (!response) return arrived.set(std::unexpected(std::move(response).error()));
    arrived.set(response->take());
}

// --- answers

void client_connection::on_received(bytes_view bytes) {
    if (broken_) return;
    bool destroyed = false;
    destroyed_ = &destroyed;
    assembler_.accept(bytes);
    while (true) {
        auto frame = assembler_.next();
        if (frame && !*frame) break;
        result<> accepted = frame ? dispatch(**frame) : result<>(std::unexpected(std::move(frame).error()));
        if (destroyed) return;
        if (broken_) break;
        if (!accepted) {
            destroyed_ = nullptr;
            return break_with(error(client_errc::bad_response, peer() + ": " + accepted.error().message()));
        }
    }
    destroyed_ = nullptr;
}

result<> client_connection::dispatch(received_frame frame) {
    const auto id = response_correlation_id(frame.bytes());
    if (!id) return std::unexpected(id.error());
    if (in_flight_.empty())
        return fail(client_errc::bad_response, fmt::format("answer {} to no request", *id));
    const request_in_flight oldest = in_flight_.front();
    if (*id != oldest.correlation_id) {
        return fail(client_errc::bad_response,
                    fmt::format("answer {} instead of {}", *id, oldest.correlation_id));
    }
    in_flight_.pop_front();
    oldest.waiter->on_response(frame);
    return {};
}

void client_connection::on_closed(error why) {
    if (broken_) return;
    const std::string reason = why.code ? why.message() : "closed by the server";
    break_with(error(client_errc::connection_lost, fmt::format("connection to {}: {}", peer(), reason)));
}

// --- time

void client_connection::arm_timer(env::monotonic_time when) {
    timer_ = world_.loop.start_timer(when, [this] {
        timer_.reset();
        look_at_deadline();
    });
}

void client_connection::look_at_deadline() {
    if (in_flight_.empty()) return;
    const env::monotonic_time deadline = in_flight_.front().deadline;
    if (world_.time().now() < deadline) return arm_timer(deadline);
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(options_.request_timeout);
    break_with(
        error(client_errc::timed_out, fmt::format("no answer from {} in {} ms", peer(), waited.count())));
}

// --- the end

void client_connection::close() {
    if (!broken_) break_with(error(client_errc::closed, fmt::format("connection to {}", peer())));
}

void client_connection::break_with(const error& why) {
    CHECK(!broken_);
    broken_ = why;
    if (timer_) world_.loop.cancel_timer(*timer_);
    timer_.reset();
    stream_->close();
    // The connection may go while the first of them is told.
    const std::deque<request_in_flight> unanswered = std::exchange(in_flight_, {});
    for (const request_in_flight& request : unanswered) request.waiter->on_response(std::unexpected(why));
}

}  // namespace logstore::kafka
