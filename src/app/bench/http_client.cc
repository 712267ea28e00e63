#include "app/bench/http_client.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/errc.h"

namespace logstore::app::bench {
namespace {

constexpr std::size_t body_bytes_max = std::size_t(8) << 20;

}  // namespace

env::task<result<std::unique_ptr<http_client>>> http_client::connect(env::environment world,
                                                                     env::socket_address to) {
    std::string host = to.text();
    auto stream = co_await world.net.connect(std::move(to));
    if (!stream) co_return fail(kafka::client_errc::unreachable, stream.error().message());
    co_return std::unique_ptr<http_client>(new http_client(world, std::move(host), std::move(*stream)));
}

http_client::http_client(env::environment world, std::string host, std::unique_ptr<env::stream> stream)
    : world_(world), host_(std::move(host)), stream_(std::move(stream)), reader_(body_bytes_max) {
    stream_->start(*this);
}

http_client::~http_client() {
    CHECK(waiting_ == nullptr);
}

env::task<result<http_answer>> http_client::get(std::string path) {
    if (lost_) co_return fail(kafka::client_errc::connection_lost, *lost_);
    answered answer;
    waiting_ = &answer;
    timer_ = world_.loop.start_timer(world_.time().now() + answer_timeout, [this] {
        timer_.reset();
        lose("no answer in 5 s");
    });
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path, host_);
    const bytes_view bytes = bytes_of(request);
    stream_->send(env::shared_bytes(byte_vector(bytes.begin(), bytes.end())));
    stream_->flush();
    co_return co_await answer;
}

void http_client::on_received(bytes_view bytes) {
    if (lost_) return;
    reader_.accept(bytes);
    auto answer = reader_.next();
    if (!answer) return lose(std::move(answer.error()));
    if (!*answer) return;
    if (waiting_ == nullptr) return lose("an answer to no question");
    if (timer_) world_.loop.cancel_timer(*timer_);
    timer_.reset();
    // The client may be gone afterwards.
    std::exchange(waiting_, nullptr)->set(std::move(**answer));
}

void http_client::on_closed(error why) {
    lose(why.code ? why.message() : "the server closed the connection");
}

void http_client::lose(std::string sentence) {
    if (lost_) return;
    lost_ = std::move(sentence);
    stream_->close();
    if (timer_) world_.loop.cancel_timer(*timer_);
    timer_.reset();
    if (waiting_ != nullptr)
        std::exchange(waiting_, nullptr)->set(fail(kafka::client_errc::connection_lost, *lost_));
}

}  // namespace logstore::app::bench
