// A partition as a stream: XADD, XLEN, XRANGE, XREVRANGE, XREAD.
#include "resp/stream_commands.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/record_walk.h"
#include "resp/stream_id.h"
#include "resp/topics.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

constexpr std::string_view key_field = "k";
constexpr std::string_view value_field = "v";
constexpr std::string_view invalid_id = "ERR Invalid stream ID specified as stream command argument";
/// Of one XREAD.
constexpr std::size_t streams_max = 1000;
/// One read of the log, before memory for the answer is asked for and after.
constexpr std::size_t small_read_bytes = std::size_t(32) << 10;
constexpr std::size_t large_read_bytes = std::size_t(1) << 20;
/// What XREAD gives of one stream when it is not told how much.
constexpr std::size_t unasked_read_bytes = std::size_t(1) << 20;
/// How often is looked for a stream that is not there yet.
constexpr env::duration look_interval = std::chrono::milliseconds(100);
/// Far enough for a wait without an end.
constexpr std::int64_t block_max_ms = std::int64_t(24) * 3'600'000;

std::optional<tablet_id> tablet_of(const serving& with, std::string_view key) {
    const auto name = stream_name::of(key);
    if (!name) return std::nullopt;
    const cluster::topic* topic = with.topics.find(with.target.topics(), name->topic);
    if (topic == nullptr || name->partition >= topic->partition_count) return std::nullopt;
    return tablet_id{topic->id, partition_id(name->partition)};
}

void write_entry(reply_writer& out, offset at, const kafka::record& one) {
    const std::size_t fields = (one.key ? 1 : 0) + (one.value ? 1 : 0) + one.headers.count();
    out.array(2);
    out.bulk(stream_id_of(at));
    out.array(2 * fields);
    if (one.key) {
        out.bulk(key_field);
        out.bulk(*one.key);
    }
    if (one.value) {
        out.bulk(value_field);
        out.bulk(*one.value);
    }
    one.headers.for_each([&](const kafka::record_header& header) {
        out.bulk(header.key);
        out.bulk(header.value.value_or(bytes_view()));
    });
}

/// Collects entries, as they are sent.
class entry_list final : public record_sink {
  public:
    entry_list(std::int64_t last, std::size_t count_max, std::size_t bytes_max)
        : last_(last), count_max_(count_max), bytes_max_(bytes_max) {}

    bool on_record(offset at, timestamp_ms, const kafka::record& one) override {
        is_whole = at.value() > last_ || places.size() >= count_max_;
        if (is_whole) return false;
        is_full = text.size() > bytes_max_;
        if (is_full) return false;
        places.push_back(text.size());
        reply_writer out(text, 2);
        write_entry(out, at, one);
        return true;
    }
    std::string_view at(std::size_t i) const {
        const std::size_t end = i + 1 < places.size() ? places[i + 1] : text.size();
        return std::string_view(text).substr(places[i], end - places[i]);
    }

    std::string text;
    std::vector<std::size_t> places;
    bool is_whole = false;
    bool is_full = false;

  private:
    const std::int64_t last_;
    const std::size_t count_max_;
    const std::size_t bytes_max_;
};

/// How a read of the log ended.
struct range_end {
    tablet_errc code = tablet_errc::ok;
    std::string why;
    next_offset high_watermark{-1};
};

/// Entries from `from` on into `into`, until it has enough or there are no more. What lies below the log's start is
/// passed over.
env::task<range_end> read_entries(alone_call* call, tablet_id of, std::int64_t from, entry_list* into) {
    range_end end;
    env::environment& world = call->with.target.world();
    for (;;) {
        if (into->text.size() > small_read_bytes && !call->memory.is_held()) {
            auto taking = call->memory.take(call->with.options.answer_bytes_max);
            co_await std::move(taking);
        }
        read_request what;
        what.tablet = of;
        what.from = offset(from);
        what.bytes_max = call->memory.is_held() ? large_read_bytes : small_read_bytes;
        read_outcome found = co_await call->with.target.read(what);
        end.high_watermark = found.high_watermark;
        if (found.code == tablet_errc::offset_out_of_range) {
            if (from >= found.log_start_offset.value()) co_return end;
            from = found.log_start_offset.value();
            continue;
        }
        end.code = found.code;
        if (end.code != tablet_errc::ok || found.bytes == 0) co_return end;
        auto walking = walk_records(&world, std::move(found.records), offset(from),
                                    call->with.options.decompressed_bytes_max, into);
        walked went = co_await std::move(walking);
        from = went.next.value();
        end.why = std::move(went.why);
        if (!end.why.empty() || into->is_whole || into->is_full) co_return end;
    }
}

struct bounds {
    tablet_errc code = tablet_errc::ok;
    std::int64_t first = 0;
    std::int64_t end = 0;
};

env::task<bounds> find_bounds(broker* target, tablet_id of) {
    bounds found;
    list_offset_request what;
    what.tablet = of;
    what.query = offset_query::earliest;
    const list_offset_outcome first = co_await target->list_offset(what);
    what.query = offset_query::latest;
    const list_offset_outcome last = co_await target->list_offset(what);
    found.code = first.code != tablet_errc::ok ? first.code : last.code;
    found.first = first.found_offset;
    found.end = std::max(last.found_offset, first.found_offset);
    co_return found;
}

/// What XRANGE and XREVRANGE ask.
struct range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::optional<std::size_t> count;
};

/// Nothing: the error is written.
std::optional<range> understand_range(alone_call& call, bool is_reverse) {
    const auto first = first_offset_in(call.args[is_reverse ? 3 : 2]);
    const auto last = last_offset_in(call.args[is_reverse ? 2 : 3]);
    if (!first || !last) return call.out.error(invalid_id), std::nullopt;
    range asked{*first, *last, std::nullopt};
    if (call.args.size() == 4) return asked;
    if (call.args.size() != 6 || !is_word(call.args[4], "count")) return call.out.error(syntax_error), std::nullopt;
    const auto count = number_in<std::int64_t>(call.args[5]);
    if (!count) return call.out.error(not_an_integer), std::nullopt;
    asked.count = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
    return asked;
}

bool write_failure(alone_call& call, const range_end& end, bool is_full) {
    if (end.code != tablet_errc::ok) return call.out.error(tablet_error(end.code, call.args[1])), true;
    if (!end.why.empty()) return call.out.error(end.why), true;
    if (!is_full) return false;
    call.out.error(fmt::format("ERR these records are larger than {} bytes, the limit of one answer; ask for fewer "
                               "with COUNT",
                               call.with.options.answer_bytes_max));
    return true;
}

env::task<void> answer_forward(alone_call* call, tablet_id of, range asked) {
    entry_list list(asked.last, asked.count.value_or(std::string::npos), call->with.options.answer_bytes_max);
    auto reading = read_entries(call, of, asked.first, &list);
    const range_end end = co_await std::move(reading);
    if (write_failure(*call, end, list.is_full)) co_return;
    call->out.array(list.places.size());
    call->out.raw(list.text);
}

/// From the end backwards, in windows that grow where records are rare among the offsets.
env::task<void> answer_backward(alone_call* call, tablet_id of, range asked) {
    auto finding = find_bounds(&call->with.target, of);
    const bounds log = co_await std::move(finding);
    if (log.code != tablet_errc::ok) co_return call->out.error(tablet_error(log.code, call->args[1]));
    const std::int64_t lowest = std::max(asked.first, log.first);
    std::int64_t high = std::min(asked.last, log.end - 1);
    const std::size_t wanted = asked.count.value_or(std::string::npos);
    std::string entries;
    std::size_t count = 0;
    std::int64_t window = asked.count ? static_cast<std::int64_t>(std::min<std::size_t>(wanted, 1 << 20)) : high + 1;
    while (count < wanted && high >= lowest) {
        const std::int64_t low = std::max(lowest, high - window + 1);
        entry_list list(high, std::string::npos, call->with.options.answer_bytes_max - entries.size());
        auto reading = read_entries(call, of, low, &list);
        const range_end end = co_await std::move(reading);
        const bool is_full = list.is_full || entries.size() + list.text.size() > call->with.options.answer_bytes_max;
        if (write_failure(*call, end, is_full)) co_return;
        for (std::size_t i = list.places.size(); i > 0 && count < wanted; --i, ++count) entries += list.at(i - 1);
        high = low - 1;
        window = std::min<std::int64_t>(window * 2, 1 << 20);
    }
    call->out.array(count);
    call->out.raw(entries);
}

env::task<void> answer_range(alone_call* call, bool is_reverse) {
    const auto asked = understand_range(*call, is_reverse);
    if (!asked) co_return;
    const auto of = tablet_of(call->with, call->args[1]);
    if (!of) co_return call->out.array(0);
    if (asked->count == 0) co_return call->out.null_array();
    if (asked->first > asked->last) co_return call->out.array(0);
    auto answering = is_reverse ? answer_backward(call, *of, *asked) : answer_forward(call, *of, *asked);
    co_await std::move(answering);
}

}  // namespace

// --- XADD

void plan_xadd(write_call& call) {
    const auto name = stream_name::of(call.args[1]);
    if (!name) {
        call.failure = illegal_topic_name(call.args[1]);
        return;
    }
    call.topic = name->topic;
    call.partition = name->partition;
    std::size_t next = 2;
    if (is_word(call.args[next], "nomkstream")) {
        call.makes_topic = false;
        ++next;
    }
    if (is_word(call.args[next], "maxlen") || is_word(call.args[next], "minid")) {
        call.failure = "ERR records live as long as their topic's retention says; XADD takes neither MAXLEN nor MINID";
        return;
    }
    const std::string_view id = call.args[next++];
    const auto fields = call.args.subspan(next);
    if (fields.empty() || fields.size() % 2 != 0) {
        call.failure = wrong_arity("xadd");
        return;
    }
    if (id != "*") {
        call.failure = "ERR the id of a record is its offset, which the topic gives it: XADD takes * only";
        return;
    }
    const bool is_single = fields.size() == 2 && fields[0] != key_field;
    for (std::size_t i = 0; i < fields.size(); i += 2) {
        const bytes_view content = bytes_of(fields[i + 1]);
        if (fields[i] == key_field && !call.key) {
            call.key = content;
        } else if ((fields[i] == value_field || is_single) && !call.value) {
            call.value = content;
        } else {
            call.headers.push_back({fields[i], content});
        }
    }
}

void answer_xadd(write_call& call) {
    if (!call.has_topic) return call.out->null();
    call.out->bulk(stream_id_of(call.at));
}

// --- what there is

env::task<void> run_xlen(alone_call* call) {
    const auto of = tablet_of(call->with, call->args[1]);
    if (!of) co_return call->out.integer(0);
    auto finding = find_bounds(&call->with.target, *of);
    const bounds log = co_await std::move(finding);
    if (log.code != tablet_errc::ok) co_return call->out.error(tablet_error(log.code, call->args[1]));
    call->out.integer(log.end - log.first);
}

env::task<void> run_xrange(alone_call* call) {
    auto answering = answer_range(call, false);
    co_await std::move(answering);
}

env::task<void> run_xrevrange(alone_call* call) {
    auto answering = answer_range(call, true);
    co_await std::move(answering);
}

// --- XREAD

namespace {

class stream_reading {
  public:
    explicit stream_reading(alone_call& call) : call_(call), with_(call.with) {}

    env::task<void> run() {
        if (!understand()) co_return;
        auto beginning = begin();
        co_await std::move(beginning);
        for (;;) {
            auto reading = read_all();
            co_await std::move(reading);
            if (has_failed_) co_return;
            if (found_ > 0) break;
            const bool is_over = !deadline_ || call_.hurry.is_set() || with_.now() >= *deadline_;
            if (is_over) co_return call_.out.null_array();
            auto waiting = wait();
            co_await std::move(waiting);
        }
        if (call_.out.is_3()) {
            call_.out.map(found_);
        } else {
            call_.out.array(found_);
        }
        call_.out.raw(text_);
    }

  private:
    struct source {
        std::string_view key;
        std::string_view id;
        /// Nothing: from the end, which is not known yet.
        std::optional<std::int64_t> from;
        std::optional<next_offset> seen;
    };

    bool refuse(std::string_view why) { return call_.out.error(why), false; }

    bool understand() {
        std::size_t next = 1;
        for (; next < call_.args.size() && !is_word(call_.args[next], "streams"); next += 2) {
            const std::string_view option = call_.args[next];
            const bool is_count = is_word(option, "count");
            if ((!is_count && !is_word(option, "block")) || next + 1 >= call_.args.size())
                return refuse(syntax_error);
            const auto number = number_in<std::int64_t>(call_.args[next + 1]);
            if (is_count) {
                if (!number) return refuse(not_an_integer);
                if (*number > 0) count_ = static_cast<std::size_t>(*number);
            } else {
                if (!number) return refuse("ERR timeout is not an integer or out of range");
                if (*number < 0) return refuse("ERR timeout is negative");
                const std::int64_t wait_ms = *number == 0 ? block_max_ms : std::min(*number, block_max_ms);
                deadline_ = with_.now() + std::chrono::milliseconds(wait_ms);
                is_endless_ = *number == 0;
            }
        }
        if (next >= call_.args.size()) return refuse(syntax_error);
        const auto names = call_.args.subspan(next + 1);
        if (names.empty() || names.size() % 2 != 0) {
            return refuse(
                "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");
        }
        const std::size_t half = names.size() / 2;
        if (half > streams_max) return refuse(fmt::format("ERR XREAD takes {} streams at most", streams_max));
        for (std::size_t i = 0; i < half; ++i) {
            source one{names[i], names[half + i], {}, {}};
            one.from = next_offset_behind(one.id);
            if (!one.from && one.id != "$") return refuse(invalid_id);
            sources_.push_back(one);
        }
        return true;
    }

    /// Finds where the ends are that are meant by "$".
    env::task<void> begin() {
        for (source& one : sources_) {
            if (one.from) continue;
            one.from = 0;  // what is not there yet is read from its beginning
            const auto of = tablet_of(with_, one.key);
            if (!of) continue;
            auto finding = find_bounds(&with_.target, *of);
            const bounds log = co_await std::move(finding);
            if (log.code == tablet_errc::ok) one.from = log.end;
        }
    }

    env::task<void> read_all() {
        const std::size_t bytes_max = count_ ? with_.options.answer_bytes_max : unasked_read_bytes;
        for (source& one : sources_) {
            one.seen.reset();
            const auto of = tablet_of(with_, one.key);
            if (!of || text_.size() > bytes_max) continue;
            entry_list list(std::numeric_limits<std::int64_t>::max(), count_.value_or(std::string::npos),
                            bytes_max - text_.size());
            auto reading = read_entries(&call_, *of, *one.from, &list);
            const range_end end = co_await std::move(reading);
            if (end.code == tablet_errc::unknown_tablet) continue;
            // What was read before a damaged place is of use; the next read will say why it ends there.
            const bool is_damaged = !end.why.empty() && list.places.empty();
            if (end.code != tablet_errc::ok || is_damaged) {
                has_failed_ = true;
                co_return call_.out.error(is_damaged ? end.why : tablet_error(end.code, one.key));
            }
            one.seen = end.high_watermark;
            if (list.places.empty()) continue;
            ++found_;
            reply_writer part(text_, call_.out.is_3() ? 3 : 2);
            if (!part.is_3()) part.array(2);
            part.bulk(one.key);
            part.array(list.places.size());
            part.raw(list.text);
        }
    }

    env::task<void> wait() {
        std::vector<seen_tablet> seen;
        for (const source& one : sources_) {
            const auto of = tablet_of(with_, one.key);
            if (of && one.seen) seen.push_back({*of, *one.seen});
        }
        env::monotonic_time until = *deadline_;
        const bool is_all = seen.size() == sources_.size();
        if (!is_all) until = std::min(until, with_.now() + look_interval);
        if (seen.empty()) {
            co_await env::sleep(with_.target.world().loop, until - with_.now());
        } else {
            co_await with_.target.wait_for_data(std::move(seen), until, &call_.hurry);
        }
        if (is_endless_) deadline_ = with_.now() + std::chrono::milliseconds(block_max_ms);
    }

    alone_call& call_;
    const serving& with_;
    std::vector<source> sources_;
    std::optional<std::size_t> count_;
    std::optional<env::monotonic_time> deadline_;
    bool is_endless_ = false;
    std::string text_;
    std::size_t found_ = 0;
    bool has_failed_ = false;
};

}  // namespace

env::task<void> run_xread(alone_call* call) {
    stream_reading all(*call);
    auto running = all.run();
    co_await std::move(running);
}

// --- any command that is alone

env::task<void> run_alone(wave_context* context, wave* what) {
    const wave::call& one = what->calls.front();
    memory_hold memory(context->with.answer_memory);
    reply_writer out(what->replies, context->who.protocol);
    alone_call call{context->with, context->hurry, what->args_of(one), out, memory};
    auto running = one.what->run_alone(&call);
    co_await std::move(running);
    if (what->replies.starts_with('-')) ++context->with.metrics.errors[index_of(*one.what)];
}

}  // namespace logstore::resp
