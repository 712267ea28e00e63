#include "kafka/client/testing/fake_broker.h"

#include <algorithm>

#include "kafka/protocol/frame.h"

namespace logstore::kafka::testing {

fake_broker::fake_broker(env::environment world) : loop_(world.loop) {
    env::socket_address at;
    at.host = "127.0.0.1";
    auto listening = world.net.listen(at, false, [this](std::unique_ptr<env::stream> accepted) {
        sessions_.emplace_back(*this, std::move(accepted));
    });
    CHECK(listening, "{}", listening.error().message());
    listener_ = std::move(*listening);
}

env::socket_address fake_broker::address() const {
    env::socket_address at;
    at.host = "127.0.0.1";
    at.port = listener_->port();
    return at;
}

std::size_t fake_broker::connections_open() const {
    return static_cast<std::size_t>(std::ranges::count_if(sessions_, &session::is_open));
}

void fake_broker::close_all() {
    for (session& one : sessions_) one.close();
}

void fake_broker::serve(session& on, bytes_view frame) {
    const auto request = decode_request_frame(frame);
    CHECK(request, "{}", request.error().message());
    if (request->header.api == api_key::api_versions && !takes_over_api_versions) {
        api_versions_response response;
        response.apis = offered;
        return on.answer(request->header, response);
    }
    ++requests;
    CHECK(on_request, "a request that the test did not expect: {}", api_name(request->header.api));
    const fate chosen = decide ? decide(*request) : fate::serve;
    if (chosen == fate::close_before) return on.close();
    if (chosen != fate::serve) on.mute();
    on_request(on, *request);
    if (chosen == fate::close_after) on.close();
}

fake_broker::session::session(fake_broker& owner, std::unique_ptr<env::stream> stream)
    : owner_(owner), stream_(std::move(stream)) {
    stream_->start(*this);
}

void fake_broker::session::send_after(env::duration delay, byte_vector bytes) {
    if (closed_ || muted_) return;
    const env::monotonic_time now = owner_.loop_.time().now();
    last_answer_at_ = std::max(last_answer_at_, now + delay + owner_.answer_delay);
    if (last_answer_at_ <= now && waiting_ == 0) return send_now(std::move(bytes));
    ++waiting_;
    // Sessions stay where they are for as long as the broker lives.
    owner_.loop_.start_timer(last_answer_at_, [this, alive = std::weak_ptr<int>(owner_.alive_),
                                               late = std::move(bytes)]() mutable {
        if (!alive.lock()) return;
        --waiting_;
        send_now(std::move(late));
    });
}

void fake_broker::session::send_now(byte_vector bytes) {
    if (closed_) return;
    stream_->send(env::shared_bytes(std::move(bytes)));
    stream_->flush();
}

void fake_broker::session::on_received(bytes_view bytes) {
    buffered_.insert(buffered_.end(), bytes.begin(), bytes.end());
    std::size_t served = 0;
    while (true) {
        const bytes_view rest = bytes_view(buffered_).subspan(served);
        const auto length = frame_length(rest);
        CHECK(length, "{}", length.error().message());
        if (!*length || rest.size() - frame_prefix_bytes < **length) break;
        owner_.serve(*this, rest.subspan(frame_prefix_bytes, **length));
        served += frame_prefix_bytes + **length;
    }
    buffered_.erase(buffered_.begin(), buffered_.begin() + static_cast<std::ptrdiff_t>(served));
}

}  // namespace logstore::kafka::testing
