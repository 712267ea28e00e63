// HLEN, HKEYS, HVALS, HGETALL, HSCAN, SCAN, DBSIZE.
#include "resp/scan_commands.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/glob.h"
#include "resp/key_pages.h"
#include "resp/key_at.h"
#include "resp/scan_cursor.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

/// One page, before memory for the answer is asked for and after.
constexpr std::size_t small_page_bytes = std::size_t(32) << 10;
constexpr std::size_t large_page_bytes = std::size_t(1) << 20;
constexpr std::size_t page_keys = 1024;
/// Whatever COUNT says.
constexpr std::size_t scanned_keys_max = 10'000;
constexpr std::size_t scanned_keys_default = 10;
/// Partitions that one page of a scan goes through.
constexpr int scanned_partitions_max = 64;
env::task<void> ensure_memory(alone_call* call) {
    if (call->memory.is_held()) co_return;
    auto taking = call->memory.take(call->with.options.answer_bytes_max);
    co_await std::move(taking);
}
}  // namespace

env::task<void> run_hlen(alone_call* call) {
    key_pages keys(call->with, call->args[1]);
    if (!keys.exists()) co_return call->out.integer(0);
    auto counting = keys.count_all();
    const key_pages::key_count all = co_await std::move(counting);
    if (all.code != tablet_errc::ok) co_return call->out.error(tablet_error(all.code, call->args[1]));
    call->out.integer(static_cast<std::int64_t>(all.count));
}

env::task<void> run_dbsize(alone_call* call) {
    std::uint64_t count = call->with.target.topics()->topic_count();
    key_pages keys(call->with, call->with.options.key_topic);
    if (keys.exists()) {
        auto counting = keys.count_all();
        const key_pages::key_count plain = co_await std::move(counting);
        // A topic of that name that keeps no view has no keys.
        if (plain.code == tablet_errc::ok) count += plain.count;
    }
    call->out.integer(static_cast<std::int64_t>(count));
}

// --- all of them

namespace {

enum class part : std::uint8_t { keys, values, both };

env::task<void> give_all(alone_call* call, part which) {
    const auto begin = [&](std::size_t count) {
        if (which == part::both) {
            call->out.map(count);
        } else {
            call->out.array(count);
        }
    };
    key_pages keys(call->with, call->args[1]);
    if (!keys.exists()) co_return begin(0);
    auto finding = keys.find_rule();
    co_await std::move(finding);
    std::string text;
    reply_writer out(text, 2);
    std::size_t count = 0;
    const std::size_t most = call->with.options.answer_bytes_max;
    for (std::int32_t partition = 0; partition < keys.partition_count(); ++partition) {
        page_request what;
        what.partition = partition;
        what.keys_max = page_keys;
        what.with_values = which != part::keys;
        for (bool has_more = true; has_more;) {
            if (text.size() > small_page_bytes) {
                auto ensuring = ensure_memory(call);
                co_await std::move(ensuring);
            }
            what.bytes_max = call->memory.is_held() ? large_page_bytes : small_page_bytes;
            page_request asked = what;
            auto reading = keys.read(std::move(asked));
            key_page page = co_await std::move(reading);
            const tablet_errc code = keys.code() != tablet_errc::ok ? keys.code() : page.code;
            if (code != tablet_errc::ok) co_return call->out.error(tablet_error(code, call->args[1]));
            for (const key_scan_outcome::entry& one : page.entries) {
                if (which != part::values) out.bulk(one.key);
                if (which != part::keys) out.bulk(one.record.value);
            }
            count += page.entries.size();
            if (text.size() > most) {
                co_return call->out.error(fmt::format(
                    "ERR hash '{}' is larger than {} bytes, the limit of one answer; use HSCAN", call->args[1], most));
            }
            has_more = page.has_more;
            what.after = std::move(page.last_key);
        }
    }
    begin(count);
    call->out.raw(text);
}

}  // namespace

env::task<void> run_hkeys(alone_call* call) {
    auto giving = give_all(call, part::keys);
    co_await std::move(giving);
}
env::task<void> run_hvals(alone_call* call) {
    auto giving = give_all(call, part::values);
    co_await std::move(giving);
}
env::task<void> run_hgetall(alone_call* call) {
    auto giving = give_all(call, part::both);
    co_await std::move(giving);
}

// --- some of them

namespace {

/// One HSCAN or SCAN.
class key_scan {
  public:
    key_scan(alone_call& call, std::string_view topic, std::size_t cursor_arg)
        : call_(call), topic_(topic), cursor_arg_(cursor_arg), pages_(call.with, topic) {}

    env::task<void> run(bool is_hash) {
        const auto cursor = scan_cursor::of(call_.args[cursor_arg_]);
        if (!cursor) co_return call_.out.error("ERR invalid cursor");
        if (!understand(is_hash)) co_return;
        if (!pages_.exists() || is_nothing_) co_return write({});
        auto finding = pages_.find_rule();
        co_await std::move(finding);
        if (cursor->partition >= pages_.partition_count()) co_return call_.out.error("ERR invalid cursor");
        if (cursor->after) {
            const offset place(*cursor->after);
            auto looking = find_key_at(&call_.with, pages_.at(cursor->partition), place);
            key_at before = co_await std::move(looking);
            if (!before.key || before.at != place) {
                co_return call_.out.error(
                    "ERR the record that this cursor points at has left the log; begin the scan again with 0");
            }
            what_.after = std::move(before.key);
        }
        what_.partition = cursor->partition;
        what_.with_values = is_hash && has_values_;
        what_.prefix = literal_prefix(pattern_);
        auto reading = read();
        co_await std::move(reading);
    }

  private:
    bool understand(bool is_hash) {
        for (std::size_t next = cursor_arg_ + 1; next < call_.args.size(); ++next) {
            const std::string_view option = call_.args[next];
            if (is_hash && is_word(option, "novalues")) {
                has_values_ = false;
                continue;
            }
            if (next + 1 >= call_.args.size()) return call_.out.error(syntax_error), false;
            const std::string_view value = call_.args[++next];
            if (is_word(option, "match")) {
                pattern_ = value;
            } else if (is_word(option, "count")) {
                const auto number = number_in<std::int64_t>(value);
                if (!number) return call_.out.error(not_an_integer), false;
                if (*number < 1) return call_.out.error(syntax_error), false;
                count_ = std::min(static_cast<std::size_t>(*number), scanned_keys_max);
            } else if (!is_hash && is_word(option, "type")) {
                is_nothing_ = !is_word(value, "string");
            } else {
                return call_.out.error(syntax_error), false;
            }
        }
        return true;
    }

    /// Pages until there are enough keys, the end is reached, or many partitions were gone through.
    env::task<void> read() {
        scan_cursor next;
        std::size_t seen = 0, bytes = 0;
        for (int visited = 0; visited < scanned_partitions_max; ++visited) {
            what_.keys_max = count_ - seen;
            what_.bytes_max = small_page_bytes - std::min(bytes, small_page_bytes - 1);
            page_request asked = what_;
            auto reading = pages_.read(std::move(asked));
            key_page page = co_await std::move(reading);
            const tablet_errc code = pages_.code() != tablet_errc::ok ? pages_.code() : page.code;
            if (code != tablet_errc::ok) co_return call_.out.error(tablet_error(code, topic_));
            seen += page.entries.size();
            for (key_scan_outcome::entry& one : page.entries) {
                bytes += one.key.size() + one.record.value.size();
                if (matches(pattern_, text_of(one.key))) found_.push_back(std::move(one));
            }
            next.partition = what_.partition;
            if (page.has_more) {
                next.after = page.last_at.value();
                co_return write(next);
            }
            what_.after.reset();
            if (++what_.partition >= pages_.partition_count()) co_return write({});
            next.partition = what_.partition;
            next.after.reset();
            if (seen >= count_ || bytes >= small_page_bytes) break;
        }
        write(next);
    }

    void write(scan_cursor next) {
        call_.out.array(2);
        call_.out.bulk(std::to_string(next.number()));
        call_.out.array(what_.with_values ? 2 * found_.size() : found_.size());
        for (const key_scan_outcome::entry& one : found_) {
            call_.out.bulk(one.key);
            if (what_.with_values) call_.out.bulk(one.record.value);
        }
    }

    alone_call& call_;
    const std::string_view topic_;
    const std::size_t cursor_arg_;
    key_pages pages_;
    page_request what_;
    std::string_view pattern_ = "*";
    std::size_t count_ = scanned_keys_default;
    bool has_values_ = true;
    bool is_nothing_ = false;
    std::vector<key_scan_outcome::entry> found_;
};

}  // namespace

env::task<void> run_hscan(alone_call* call) {
    key_scan scan(*call, call->args[1], 2);
    auto running = scan.run(true);
    co_await std::move(running);
}

env::task<void> run_scan(alone_call* call) {
    key_scan scan(*call, call->with.options.key_topic, 1);
    auto running = scan.run(false);
    co_await std::move(running);
}

}  // namespace logstore::resp
