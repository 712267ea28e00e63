// Commands that ask for keys, those of a wave together.
#include "resp/calls.h"
#include "resp/errors.h"

namespace logstore::resp {
namespace {

/// What a wave may read before memory is asked for.
constexpr std::size_t small_answer_bytes = std::size_t(32) << 10;

class key_reading {
  public:
    key_reading(wave_context& context, wave& what)
        : with_(context.with),
          stream_(context.stream),
          wave_(what),
          out_(what.replies, context.who.protocol) {}

    env::task<void> run() {
        auto together = read(wave_.calls, small_answer_bytes, false);
        const bool fits = co_await std::move(together);
        if (fits) co_return;
        for (const wave::call& one : wave_.calls) {
            auto alone = read({&one, 1}, small_answer_bytes, true);
            const bool is_small = co_await std::move(alone);
            if (is_small) continue;
            memory_hold memory(with_.answer_memory);
            auto taken = memory.take(with_.options.answer_bytes_max);
            co_await std::move(taken);
            auto again = read({&one, 1}, with_.options.answer_bytes_max, true);
            const bool is_allowed = co_await std::move(again);
            if (!is_allowed) out_.error(tablet_error(tablet_errc::too_large, {}));
            auto passed = stream_.pass_on(wave_.replies);
            co_await std::move(passed);
        }
    }

  private:
    key_read_call plan(const wave::call& one) {
        key_read_call made{with_, wave_.args_of(one), out_, {}, {}};
        one.what->plan_read(made);
        return made;
    }

    env::task<bool> read(std::span<const wave::call> calls, std::size_t bytes_max, bool is_one_by_one) {
        key_lookup lookup(with_);
        lookup.with_values = false;
        for (const wave::call& one : calls) {
            const key_read_call planned = plan(one);
            const std::uint32_t topic = lookup.topic(planned.topic);
            for (const std::string_view key : planned.keys) lookup.keys.push_back({key, topic});
            lookup.with_values = lookup.with_values || planned.with_values;
        }
        auto rules = lookup.find_rules();
        co_await std::move(rules);
        auto reading = lookup.read(bytes_max, is_one_by_one);
        const bool fits = co_await std::move(reading);
        if (!fits) co_return false;
        std::span<const asked_key> found(lookup.keys);
        for (const wave::call& one : calls) {
            key_read_call planned = plan(one);
            planned.found = found.first(planned.keys.size());
            found = found.subspan(planned.keys.size());
            answer(one, planned);
        }
        co_return true;
    }

    void answer(const wave::call& one, key_read_call& planned) {
        with_.metrics.key_reads += planned.found.size();
        for (const asked_key& key : planned.found) {
            with_.metrics.key_hits += key.found ? 1 : 0;
            if (key.code == tablet_errc::ok) continue;
            ++with_.metrics.errors[index_of(*one.what)];
            return out_.error(tablet_error(key.code, planned.topic));
        }
        one.what->answer_read(planned);
    }

    const serving& with_;
    reply_stream& stream_;
    wave& wave_;
    reply_writer out_;
};

}  // namespace

env::task<void> run_key_reads(wave_context* context, wave* what) {
    key_reading reading(*context, *what);
    auto running = reading.run();
    co_await std::move(running);
}

}  // namespace logstore::resp
