#include "app/produce.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/line_splitter.h"
#include "app/produce_report.h"
#include "app/server_access.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/producer.h"

namespace logstore::app {
namespace {

using kafka::delivery_outcome;

/// How long a server that cannot be reached at the start is tried.
constexpr env::duration first_contact_max = std::chrono::seconds(5);
/// After an interruption: for what was read and is not acknowledged yet.
constexpr env::duration last_words_max = std::chrono::seconds(5);
/// Of what is wrong, in the line of progress, which must not be wider than a terminal.
constexpr int trouble_columns = 90;
constexpr auto progress_interval = std::chrono::milliseconds(500);
/// Records may be as large as a topic allows; the server's own limit is 1 MiB unless it is told otherwise.
constexpr std::size_t line_bytes_max = std::size_t(32) << 20;
constexpr std::size_t buffer_bytes_max = std::size_t(64) << 20;

kafka::cluster_options cluster_options_of(const produce_command& asked) {
    kafka::cluster_options options;
    options.bootstrap = {asked.target.server};
    options.connection = command_connection_options();
    options.connection.request_timeout =
        std::min<env::duration>(options.connection.request_timeout, asked.timeout);
    options.connection.unsent_bytes_max = buffer_bytes_max;
    return options;
}

kafka::producer_options producer_options_of(const produce_command& asked) {
    kafka::producer_options options;
    options.acks = asked.acks;
    options.codec = asked.codec;
    options.batch_bytes = asked.batch_bytes;
    options.request_bytes_max = std::max(options.request_bytes_max, asked.batch_bytes);
    options.record_bytes_max = line_bytes_max;
    options.buffer_bytes_max = buffer_bytes_max;
    options.linger = asked.linger;
    options.delivery_timeout = asked.timeout;
    options.at_least_once = !asked.at_most_once;
    return options;
}

/// One run, from finding the topic to the report.
class line_producer final : kafka::delivery_listener {
  public:
    line_producer(env::environment world, console& out, byte_input& input, interruption& stop,
                  const produce_command& asked)
        : world_(world),
          out_(out),
          input_(input),
          stop_(stop),
          asked_(asked),
          lines_(line_bytes_max),
          cluster_(world, cluster_options_of(asked)),
          producer_(cluster_, producer_options_of(asked), this) {}

    env::task<exit_code> run();

  private:
    env::task<exit_code> open_topic();
    env::task<void> send_lines();
    env::task<bool> send_piece(bytes_view piece);
    env::task<bool> send_when_there_is_room(bytes_view line);
    /// False when there is no room, and when it can never be sent (failure_).
    bool send_now(bytes_view line);
    std::uint64_t line_number() const { return producer_.counters().appended + 1; }
    env::task<void> wait_for_outcomes();
    void on_delivery(const kafka::delivery& what) override;
    void interrupted();
    void give_up();
    void show_progress();
    exit_code report();

    env::environment world_;
    console& out_;
    byte_input& input_;
    interruption& stop_;
    const produce_command& asked_;
    line_splitter lines_;
    kafka::cluster_view cluster_;
    kafka::producer producer_;
    kafka::producer::topic* topic_ = nullptr;
    std::vector<kafka::record_header> headers_;
    timestamp_ms now_;
    produce_tally tally_;
    /// Why nothing more is read.
    std::optional<error> failure_;
    bool is_over_ = false;
    std::uint64_t shown_before_ = 0;
    std::optional<env::timer_id> progress_timer_;
    std::optional<env::timer_id> give_up_timer_;
};

env::task<exit_code> line_producer::run() {
    stop_.listen([this] { interrupted(); });
    if (stop_.is_requested()) interrupted();
    const env::monotonic_time start = world_.time().now();
    show_progress();
    exit_code code = co_await open_topic();
    if (topic_ != nullptr) {
        co_await send_lines();
        co_await wait_for_outcomes();
        tally_.elapsed = world_.time().now() - start;
    }
    stop_.listen({});
    is_over_ = true;
    if (give_up_timer_) world_.loop.cancel_timer(*give_up_timer_);
    world_.loop.cancel_timer(*progress_timer_);
    out_.show_progress({});
    (void)co_await producer_.close();
    co_await cluster_.close();
    co_return topic_ == nullptr ? code : report();
}

env::task<exit_code> line_producer::open_topic() {
    const std::string doing = fmt::format("producing to topic '{}'", asked_.topic);
    const env::duration patience = std::min<env::duration>(first_contact_max, asked_.timeout);
    const auto opened = co_await producer_.open(asked_.topic, world_.time().now() + patience);
    if (stop_.is_requested()) co_return exit_code::interrupted;
    if (!opened) co_return report_no_topic(out_, doing, asked_.topic, opened.error(), patience);
    const std::int32_t count = static_cast<std::int32_t>(cluster_.find(asked_.topic)->leaders.size());
    if (asked_.partition && *asked_.partition >= count) {
        out_.say(fmt::format("{}: it has {} partition{}, numbered from 0; there is no partition {}", doing,
                             count, count == 1 ? "" : "s", *asked_.partition));
        co_return exit_code::wrong_usage;
    }
    for (const auto& [name, value] : asked_.headers) headers_.push_back({name, bytes_of(value)});
    topic_ = *opened;
    co_return exit_code::success;
}

// --- lines

env::task<void> line_producer::send_lines() {
    while (!stop_.is_requested() && !failure_) {
        const auto piece = co_await input_.read();
        if (!piece) {
            failure_ = piece.error();
            co_return;
        }
        now_ = world_.time().wall_now();
        if (!piece->bytes.empty() && !co_await send_piece(piece->bytes)) co_return;
        if (!piece->is_end) continue;
        if (!lines_.rest().empty()) (void)co_await send_when_there_is_room(lines_.rest());
        co_return;
    }
}

env::task<bool> line_producer::send_piece(bytes_view piece) {
    lines_.accept(piece);
    bytes_view line;
    while (lines_.next(line)) {
        if (send_now(line)) continue;
        if (!co_await send_when_there_is_room(line)) co_return false;
    }
    if (!lines_.is_too_long()) co_return true;
    failure_ = error(std::make_error_code(std::errc::message_size),
                     fmt::format("line {} is longer than {} MiB", line_number(), line_bytes_max >> 20));
    co_return false;
}

env::task<bool> line_producer::send_when_there_is_room(bytes_view line) {
    while (!failure_) {
        if (send_now(line)) co_return true;
        if (!failure_ && !is_over_) co_await producer_.room();
        if (is_over_) break;
    }
    co_return false;
}

bool line_producer::send_now(bytes_view line) {
    kafka::new_record record;
    record.timestamp = now_;
    record.headers = headers_;
    if (asked_.partition) record.partition = partition_id(*asked_.partition);
    bytes_view value = line;
    if (!asked_.key_separator.empty()) {
        const std::size_t at = text_of(line).find(asked_.key_separator);
        if (at != std::string_view::npos) {
            record.key = line.first(at);
            value = line.subspan(at + asked_.key_separator.size());
        }
    }
    if (!asked_.null_marker || text_of(value) != *asked_.null_marker) record.value = value;
    const auto appended = producer_.try_append(*topic_, record);
    if (!appended && !failure_ && !is_over_)
        failure_ =
            error(appended.error().code, fmt::format("line {}: {}", line_number(), appended.error().detail));
    return appended && *appended;
}

// --- outcomes

void line_producer::on_delivery(const kafka::delivery& what) {
    const auto count = static_cast<std::uint64_t>(what.record_count);
    if (what.outcome == delivery_outcome::failed && is_over_) tally_.not_sent += count;
    if (what.why == nullptr || is_over_) return;
    // Reading goes on only while all is well: what comes after would only wait behind the same trouble.
    if (!failure_) failure_ = *what.why;
}

env::task<void> line_producer::wait_for_outcomes() {
    const auto flushed = co_await producer_.flush();
    if (!flushed && !failure_) {
        failure_ = flushed.error();
        tally_.is_unconfirmed = true;
    }
}

void line_producer::interrupted() {
    if (topic_ == nullptr) return give_up();
    give_up_timer_ = world_.loop.start_timer(world_.time().now() + last_words_max, [this] {
        give_up_timer_.reset();
        give_up();
    });
}

void line_producer::give_up() {
    is_over_ = true;
    producer_.abort(error(kafka::client_errc::closed, "interrupted"));
    cluster_.shut();
}

void line_producer::show_progress() {
    const kafka::producer_counters& counted = producer_.counters();
    const std::uint64_t done = counted.acknowledged + counted.sent;
    const double rate =
        static_cast<double>(done - shown_before_) / std::chrono::duration<double>(progress_interval).count();
    const std::optional<error>& trouble = topic_ == nullptr ? cluster_.trouble() : producer_.trouble();
    if (trouble)
        out_.show_progress(fmt::format("{} records; trying again: {:.{}}", with_separators(done),
                                       trouble->message(), trouble_columns));
    else if (done > 0)
        out_.show_progress(fmt::format("{} records, {}/s", with_separators(done),
                                       with_separators(static_cast<std::uint64_t>(rate))));
    shown_before_ = done;
    progress_timer_ =
        world_.loop.start_timer(world_.time().now() + progress_interval, [this] { show_progress(); });
}

exit_code line_producer::report() {
    tally_.counted = producer_.counters();
    exit_code code = exit_code::success;
    if (failure_) {
        code = report_failure(out_, fmt::format("producing to topic '{}'", asked_.topic), *failure_);
        if (code == exit_code::success) code = exit_code::failed;
    }
    if (asked_.target.json)
        out_.print(produce_report_json(asked_, tally_, failure_));
    else
        out_.say(produce_report_text(asked_, tally_));
    if (stop_.is_requested()) return exit_code::interrupted;
    const kafka::producer_counters& counted = tally_.counted;
    const bool is_all = counted.acknowledged + counted.sent == counted.appended && !failure_;
    return is_all || code != exit_code::success ? code : exit_code::failed;
}

}  // namespace

env::task<exit_code> run_produce(env::environment world, console* out, byte_input* input, interruption* stop,
                                 produce_command asked) {
    line_producer run(world, *out, *input, *stop, asked);
    co_return co_await run.run();
}

}  // namespace logstore::app
