// Records: reading from an offset on, waiting for them, following them.
#include <utility>

#include <fmt/format.h>

#include "http/answer_hold.h"
#include "http/handlers/handlers.h"
#include "http/handlers/read_query.h"
#include "http/record_json.h"

namespace logstore::http {
namespace {

/// Records as members of a list.
class list_sink final : public record_sink {
  public:
    list_sink(json_writer& json, bool is_base64) : json_(json), is_base64_(is_base64) {}
    void on_record(offset at, timestamp_ms when, const kafka::record& one) override {
        write_record(json_, at, when, one, is_base64_);
    }
    std::size_t size_bytes() const override { return json_.size_bytes(); }

  private:
    json_writer& json_;
    const bool is_base64_;
};

api_error too_many_records() {
    constexpr int soon_s = 1;
    return {503, "overloaded",
            "too many records are on their way to clients; try again, or ask for fewer bytes", soon_s};
}

/// One read, from its first look to its answer.
class reading {
  public:
    reading(request_context& context, const read_query& query, offset from)
        : context_(context),
          query_(query),
          from_(from),
          deadline_(now() + query.wait),
          hold_(context.with.answer_memory) {}

    env::task<answer> run() {
        for (;;) {
            if (!hold_.try_take(query_.bytes_max)) co_return answer_of(too_many_records());
            read_request what;
            what.tablet = query_.tablet;
            what.from = from_;
            what.bytes_max = query_.bytes_max;
            outcome_ = co_await context_.target_broker().read(what);
            if (outcome_.code != tablet_errc::ok) co_return answer_of(error_of_read(outcome_, from_));
            if (outcome_.bytes > 0 || context_.hurry.is_set() || now() >= deadline_) break;
            hold_.let_go();
            std::vector<seen_tablet> seen{{query_.tablet, outcome_.high_watermark}};
            co_await context_.target_broker().wait_for_data(std::move(seen), deadline_, &context_.hurry);
        }
        co_return co_await write();
    }

  private:
    env::monotonic_time now() const { return context_.target_broker().world().time().now(); }

    env::task<answer> write() {
        json_writer json;
        json.begin_object()
            .field("topic", std::string_view(query_.topic))
            .field("partition", query_.tablet.partition.value());
        json.field("log_start_offset", outcome_.log_start_offset.value());
        json.field("high_watermark", outcome_.high_watermark.value());
        json.key("records").begin_list();
        list_sink sink(json, query_.is_base64);
        const record_limits limits{query_.bytes_max, query_.records_max,
                                   context_.with.options.decompressed_bytes_max};
        env::environment& world = context_.target_broker().world();
        const auto went = co_await walk_records(&world, std::move(outcome_.records), from_, limits, &sink);
        if (!went) co_return answer_of(went.error());
        json.end_list().field("next_offset", went->next.value()).end_object();
        context_.with.metrics.read_records += went->records;
        answer made = json_answer(200, json.finish());
        hold_.hand_over(made.body.size(), context_.held_bytes);
        co_return made;
    }

    request_context& context_;
    const read_query& query_;
    const offset from_;
    const env::monotonic_time deadline_;
    read_outcome outcome_;
    answer_hold hold_;
};

}  // namespace

env::task<answer> serve_read(request_context* context) {
    const auto query = understand_read(*context);
    if (!query) co_return answer_of(query.error());
    const auto from = co_await find_start(context, &*query);
    if (!from) co_return answer_of(from.error());
    if (query->is_follow) co_return co_await follow_records(context, &*query, *from);
    reading read(*context, *query, *from);
    co_return co_await read.run();
}

}  // namespace logstore::http
