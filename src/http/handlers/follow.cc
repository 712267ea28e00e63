// Records as server-sent events: each as it comes, for as long as the client listens.
#include <utility>

#include <fmt/format.h>

#include "http/handlers/read_query.h"
#include "http/record_json.h"

namespace logstore::http {
namespace {

/// Of stored batches read at once, and of events that wait to be taken.
constexpr std::size_t step_bytes = std::size_t(256) << 10;
/// A step that finds no memory is tried again.
constexpr env::duration memory_retry = std::chrono::milliseconds(200);

/// "id: 7\ndata: {…}\n\n": a client that was cut off names the last id it saw.
class event_sink final : public record_sink {
  public:
    explicit event_sink(bool is_base64) : is_base64_(is_base64) {}
    void on_record(offset at, timestamp_ms when, const kafka::record& one) override {
        json_writer json;
        write_record(json, at, when, one, is_base64_);
        text += fmt::format("id: {}\ndata: {}\n", at, json.finish());
    }
    std::size_t size_bytes() const override { return text.size(); }

    std::string text;

  private:
    const bool is_base64_;
};

std::string error_event(const api_error& why) {
    json_writer json;
    json.begin_object();
    write_error(json, why);
    json.end_object();
    return "event: error\ndata: " + json.finish() + "\n";
}

class following {
  public:
    following(request_context& context, const read_query& query, offset from)
        : context_(context), query_(query), next_(from), records_left_(query.records_max) {}
    ~following() {
        let_go();
        if (has_begun_) --context_.with.metrics.followers;
    }
    following(const following&) = delete;
    following& operator=(const following&) = delete;

    env::task<answer> run() {
        answer head;
        head.content_type = events_type;
        if (context_.asked == method::head) co_return head;
        while (!context_.hurry.is_set() && records_left_ > 0) {
            const auto found = co_await step();
            if (!found) {
                if (!has_begun_) co_return answer_of(found.error());
                context_.stream.write(error_event(found.error()));
                break;
            }
            if (!std::exchange(has_begun_, true)) {
                ++context_.with.metrics.followers;
                context_.stream.begin(head);
            }
            context_.stream.write(std::move(events_));
            events_.clear();
            co_await context_.stream.drained();
            let_go();
            if (!*found) co_await wait();
        }
        if (!has_begun_) context_.stream.begin(head), ++context_.with.metrics.followers, has_begun_ = true;
        head.was_streamed = true;
        co_return head;
    }

  private:
    /// Reads and writes down what there is. False: nothing more at the moment.
    env::task<api_result<bool>> step() {
        if (!context_.with.answer_memory.try_take(step_bytes)) {
            co_await env::sleep(context_.target_broker().world().loop, memory_retry);
            co_return true;
        }
        held_bytes_ = step_bytes;
        read_request what;
        what.tablet = query_.tablet;
        what.from = next_;
        what.bytes_max = step_bytes;
        read_outcome outcome = co_await context_.target_broker().read(what);
        if (outcome.code != tablet_errc::ok) co_return std::unexpected(error_of_read(outcome, next_));
        seen_ = outcome.high_watermark;
        if (outcome.bytes == 0) co_return false;
        event_sink sink(query_.is_base64);
        const record_limits limits{step_bytes, records_left_, context_.with.options.decompressed_bytes_max};
        env::environment& world = context_.target_broker().world();
        const auto went = co_await walk_records(&world, std::move(outcome.records), next_, limits, &sink);
        if (!went) co_return std::unexpected(went.error());
        next_ = went->next;
        records_left_ -= went->records;
        context_.with.metrics.read_records += went->records;
        events_ = std::move(sink.text);
        co_return true;
    }

    env::task<void> wait() {
        env::environment& world = context_.target_broker().world();
        const env::monotonic_time until = world.time().now() + context_.with.options.heartbeat_interval;
        std::vector<seen_tablet> seen{{query_.tablet, seen_}};
        co_await context_.target_broker().wait_for_data(std::move(seen), until, &context_.hurry);
        if (world.time().now() >= until) events_ = ": alive\n\n";
        if (!events_.empty()) context_.stream.write(std::move(events_));
        events_.clear();
    }

    void let_go() { context_.with.answer_memory.give_back(std::exchange(held_bytes_, 0)); }

    request_context& context_;
    const read_query& query_;
    offset next_;
    std::size_t records_left_;
    next_offset seen_{-1};
    std::string events_;
    std::size_t held_bytes_ = 0;
    bool has_begun_ = false;
};

}  // namespace

env::task<answer> follow_records(request_context* context, const read_query* query, offset from) {
    following stream(*context, *query, from);
    co_return co_await stream.run();
}

}  // namespace logstore::http
