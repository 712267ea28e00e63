#include "app/bench/http_lane.h"

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/errc.h"

namespace logstore::app::bench {
namespace {

/// "unknown_topic" of {"error":{"code":"unknown_topic",…}}; empty when it is anything else.
std::string_view error_code_in(std::string_view body) {
    constexpr std::string_view before = "\"code\":\"";
    constexpr std::size_t code_bytes_max = 40;
    const std::size_t at = body.find(before);
    if (at == std::string_view::npos) return {};
    body.remove_prefix(at + before.size());
    const std::size_t end = body.substr(0, code_bytes_max).find('"');
    return end == std::string_view::npos ? std::string_view() : body.substr(0, end);
}

refusal refusal_of(const http_answer& answer) {
    constexpr std::size_t example_bytes_max = 300;
    std::string kind = fmt::format("HTTP {}", answer.status);
    if (const std::string_view code = error_code_in(answer.body); !code.empty())
        kind += " " + std::string(code);
    return {kind, fmt::format("{}: {}", kind, answer.body.substr(0, example_bytes_max)), false};
}

}  // namespace

http_requests::http_requests(std::string host, std::string topic, std::optional<std::uint32_t> marked_run,
                             const payload& values)
    : host_(std::move(host)), topic_(std::move(topic)), marked_run_(marked_run), values_(values) {
    CHECK(values_.records_per_request() == 1);
    CHECK(!marked_run_ || values_.has_room_for_mark());
}

env::shared_bytes http_requests::request(const append_order& what) {
    if (marked_run_) return env::shared_bytes(encode(what));
    const auto found = made_.find(what.partition);
    if (found != made_.end()) return found->second;
    return made_.emplace(what.partition, env::shared_bytes(encode(what))).first->second;
}

byte_vector http_requests::encode(const append_order& what) const {
    // Topic names and values need no escaping in JSON.
    const std::string front =
        fmt::format(R"({{"topic":"{}","partition":{},"value":")", topic_, what.partition);
    constexpr std::string_view back = "\"}";
    const bytes_view body = values_.body(0);
    std::string text = fmt::format(
        "POST /append HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        host_, front.size() + body.size() + back.size());
    text += front;
    const std::size_t value_at = text.size();
    text += text_of(body);
    text += back;
    const bytes_view bytes = bytes_of(text);
    byte_vector request(bytes.begin(), bytes.end());
    if (marked_run_) write_mark(request.data() + value_at, {*marked_run_, what.stream, what.first_sequence});
    return request;
}

env::task<result<std::unique_ptr<lane>>> http_lane::connect(env::environment world, env::socket_address to,
                                                            http_requests* requests) {
    const std::string where = to.text();
    auto stream = co_await world.net.connect(std::move(to));
    if (!stream) {
        co_return fail(kafka::client_errc::unreachable,
                       fmt::format("no connection to {}: {}", where, stream.error().message()));
    }
    co_return std::unique_ptr<lane>(new http_lane(world, std::move(*stream), *requests));
}

http_lane::http_lane(env::environment world, std::unique_ptr<env::stream> stream, http_requests& requests)
    : world_(world), stream_(std::move(stream)), requests_(requests) {
    stream_->start(*this);
}

http_lane::~http_lane() {
    if (timer_) world_.loop.cancel_timer(*timer_);
}

std::expected<void, refusal> http_lane::send(const append_order& what) {
    if (lost_) return std::unexpected(*lost_);
    const env::monotonic_time deadline = world_.time().now() + answer_timeout;
    deadlines_.push_back(deadline);
    if (!timer_) arm_timer(deadline);
    stream_->send(requests_.request(what));
    return {};
}

void http_lane::flush() {
    if (!lost_) stream_->flush();
}

void http_lane::on_received(bytes_view bytes) {
    if (lost_) return;
    reader_.accept(bytes);
    while (!lost_) {
        auto answer = reader_.next();
        if (!answer) return lose("bad answer", std::move(answer.error()));
        if (!*answer) return;
        if (deadlines_.empty()) return lose("bad answer", "an answer to no request");
        const http_answer& got = **answer;
        const bool is_good = got.status == 200 || got.status == 201;
        tell(is_good ? std::expected<void, refusal>() : std::unexpected(refusal_of(got)));
        if (got.closes) return lose("connection lost", "the server closed the connection");
    }
}

void http_lane::on_closed(error why) {
    lose("connection lost", why.code ? why.message() : "the server closed the connection");
}

void http_lane::tell(const std::expected<void, refusal>& outcome) {
    deadlines_.pop_front();
    told_->on_answer(outcome);
}

void http_lane::arm_timer(env::monotonic_time when) {
    timer_ = world_.loop.start_timer(when, [this] {
        timer_.reset();
        if (deadlines_.empty()) return;
        if (world_.time().now() < deadlines_.front()) return arm_timer(deadlines_.front());
        lose("timed out", "no answer in 30 s");
    });
}

void http_lane::lose(std::string kind, std::string sentence) {
    if (lost_) return;
    lost_ = refusal{std::move(kind), std::move(sentence), true};
    stream_->close();
    while (!deadlines_.empty()) tell(std::unexpected(*lost_));
}

}  // namespace logstore::app::bench
