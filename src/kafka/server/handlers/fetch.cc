// Fetch: stored batches to consumers, with a long poll.
#include "kafka/protocol/messages/fetch.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/stored_batches.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {
namespace {

/// One fetch request, from its first read to its answer.
class fetch {
  public:
    fetch(request_context& context, fetch_request& request)
        : context_(context),
          request_(request),
          bytes_max_(std::min(not_negative(request.max_bytes), context.with.options.fetch_bytes_max)),
          bytes_min_(std::min(not_negative(request.min_bytes), bytes_max_)),
          deadline_(now() + std::clamp<env::duration>(std::chrono::milliseconds(request.max_wait_ms), {},
                                                      context.with.options.fetch_wait_max)) {}

    ~fetch() { context_.answer_memory.give_back(held_bytes_); }
    fetch(const fetch&) = delete;
    fetch& operator=(const fetch&) = delete;

    env::task<result<>> run() {
        for (std::uint32_t round = 0;; ++round) {
            const auto image = context_.target().topics();
            co_await read_all(image.get());
            if (must_answer()) break;
            if (round == 0) let_go_of_frame();
            co_await wait();
            // Whom any append wakes and none satisfies would read all its partitions over and over.
            if (round > 0 && part_count_ > parts_without_pause_max && !context_.hurry.is_set()) co_await pause();
        }
        co_return answer();
    }

  private:
    struct part {
        const fetch_request::partition* asked = nullptr;
        error_code error = error_code::none;
        read_outcome read;
    };

    /// Who reads more should not do so at each append.
    static constexpr std::size_t parts_without_pause_max = 256;
    /// Beginning to wait costs so much for each.
    static constexpr env::duration watch_cost = std::chrono::nanoseconds(200);
    /// A fetch of more does not wait when it names a partition twice, and so has no more than there are.
    static constexpr std::size_t repeatable_parts_max = 1000;
    /// Smaller frames are not worth a copy of their names.
    static constexpr std::size_t kept_frame_bytes_max = std::size_t(4) << 10;
    /// What may be read where there is no room for answers.
    static constexpr std::size_t small_bytes_max = std::size_t(16) << 10;

    static std::size_t not_negative(std::int32_t n) { return static_cast<std::size_t>(std::max(n, 0)); }
    env::monotonic_time now() const { return context_.target().world().time().now(); }

    /// Every partition in the order of the request; each gets what the ones before it left of the limit.
    env::task<void> read_all(const cluster::topic_image* image) {
        parts_.clear();
        seen_.clear();
        bytes_ = 0;
        part_count_ = 0;
        has_error_ = is_cut_short_ = false;
        std::unordered_set<tablet_id> named;
        for (const auto& asked_topic : request_.topics) {
            const cluster::topic_ptr known = image->find(asked_topic.name);
            for (const auto& asked : asked_topic.partitions) {
                parts_.emplace_back().asked = &asked;
                ++part_count_;
                if (context_.is_turn_over()) co_await context_.next_turn();
                if (!has_partition(known.get(), asked.index)) {
                    note_error(error_code::unknown_topic_or_partition);
                    continue;
                }
                const tablet_id tablet{known->id, asked.index};
                if (part_count_ > repeatable_parts_max && !named.insert(tablet).second) {
                    note_error(error_code::invalid_request);
                } else {
                    co_await read(tablet, &asked);
                }
            }
        }
    }

    /// From here on only what the wait needs is held: the frame's bytes go back to those who wait for them.
    void let_go_of_frame() {
        if (context_.hold.bytes() <= kept_frame_bytes_max) return;
        std::size_t name_bytes = 0;
        for (const auto& topic : request_.topics) name_bytes += topic.name.size();
        names_.reserve(name_bytes);  // no view moves after this
        for (auto& topic : request_.topics) {
            const std::size_t start = names_.size();
            names_ += topic.name;
            topic.name = std::string_view(names_).substr(start);
        }
        request_.cluster_id.reset();
        request_.rack = {};
        request_.forgotten_topics = {};
        context_.hold.add(name_bytes);
        context_.hold.release_frame();
    }

    env::task<void> wait() {
        std::vector<seen_tablet> seen = std::move(seen_);
        std::vector<part>().swap(parts_);  // nothing stays pinned meanwhile
        context_.answer_memory.give_back(std::exchange(held_bytes_, 0));
        context_.hold.waits_for_records = true;
        if (part_count_ > parts_without_pause_max)
            co_await context_.next_turn(static_cast<env::duration::rep>(part_count_) * watch_cost);
        co_await context_.target().wait_for_data(std::move(seen), deadline_, &context_.hurry);
        context_.hold.waits_for_records = false;
    }

    env::task<void> pause() {
        // About a tenth of the shard's time.
        const env::duration time = std::chrono::microseconds(10 * part_count_);
        co_await env::sleep(loop(), std::min<env::duration>(time, std::max<env::duration>(deadline_ - now(), {})));
    }

    /// How much of `wanted` may be read; 0 when others hold all the room there is.
    std::size_t take_room(std::size_t wanted) {
        return context_.answer_memory.is_scarce() ? 0 : context_.answer_memory.take_up_to(wanted);
    }

    env::task<void> read(tablet_id from, const fetch_request::partition* asked) {
        const std::size_t left = bytes_max_ - std::min(bytes_, bytes_max_);
        const std::size_t wanted = std::min(not_negative(asked->max_bytes), left);
        std::size_t granted = take_room(wanted);
        read_request what;
        what.tablet = from;
        what.from = asked->fetch_offset;
        what.current_epoch = asked->current_epoch;
        // The first partition that has anything gives one batch even above the limits that the client set, or a
        // large one would block for ever.
        what.at_least_one = bytes_ == 0;
        what.bytes_max = granted;
        const bool lacks_room = granted == 0 && wanted > 0;
        if (lacks_room) {
            // Who needs little need not wait for those who hold much.
            what.at_least_one = false;
            what.bytes_max = bytes_ == 0 ? std::min(wanted, small_bytes_max) : 0;
        }
        read_outcome outcome = co_await context_.target().read(what);
        if (lacks_room && bytes_ == 0 && is_more(outcome, *asked)) {
            co_await context_.room_for_answer();
            granted = context_.answer_memory.take_up_to(wanted);  // also while others wait behind
            what.bytes_max = granted;
            what.at_least_one = granted > 0;
            outcome = co_await context_.target().read(what);
        }
        if (outcome.bytes < granted) {
            context_.answer_memory.give_back(granted - outcome.bytes);
        } else {
            context_.answer_memory.take_anyway(outcome.bytes - granted);
        }
        held_bytes_ += outcome.bytes;
        if (granted < wanted && (outcome.bytes > 0 || is_more(outcome, *asked))) is_cut_short_ = true;
        note_outcome(from, std::move(outcome));
    }

    /// Nothing was read where something is.
    static bool is_more(const read_outcome& outcome, const fetch_request::partition& asked) {
        return outcome.code == tablet_errc::ok && outcome.bytes == 0 &&
               outcome.high_watermark.value() > asked.fetch_offset.value();
    }
    env::executor& loop() const { return context_.target().world().loop; }

    void note_error(error_code code) {
        parts_.back().error = code;
        has_error_ = true;
    }

    void note_outcome(const tablet_id& tablet, read_outcome outcome) {
        part& one = parts_.back();
        one.read = std::move(outcome);
        if (one.read.code != tablet_errc::ok) return note_error(read_error(one.read.code));
        // Such clients do not know zstd, and batches go out as they are stored.
        if (context_.version() < 10 && holds_codec(one.read.records, compression_codec::zstd)) {
            one.read.records.clear();
            one.read.bytes = 0;
            return note_error(error_code::unsupported_compression_type);
        }
        bytes_ += one.read.bytes;
        seen_.push_back({tablet, one.read.high_watermark});
    }

    bool must_answer() const {
        return bytes_ >= bytes_min_ || has_error_ || is_cut_short_ || parts_.empty() ||
               context_.hurry.is_set() || now() >= deadline_;
    }

    result<> answer() {
        fetch_response response;
        response.topics.reserve(request_.topics.size());
        std::size_t next = 0;
        for (const auto& asked_topic : request_.topics) {
            auto& answers = response.topics.emplace_back();
            answers.name = asked_topic.name;
            answers.partitions.reserve(asked_topic.partitions.size());
            for (std::size_t i = 0; i < asked_topic.partitions.size(); ++i)
                answer_part(parts_[next++], answers.partitions.emplace_back());
        }
        context_.with.metrics.fetched_bytes += bytes_;
        context_.fetched_bytes += std::exchange(held_bytes_, 0);
        output_queue& output = context_.output;
        return append_scattered_response(output.bytes(), output.insertions(), context_.version(),
                                         context_.request.header.correlation_id, response);
    }

    void answer_part(part& one, fetch_response::partition& answer) {
        answer.index = one.asked->index;
        answer.error = one.error;
        context_.with.metrics.count(one.error);
        if (one.error == error_code::none || one.error == error_code::offset_out_of_range) {
            answer.high_watermark = one.read.high_watermark;
            // Without transactions nothing between the two is unstable.
            answer.last_stable_offset = one.read.high_watermark;
            answer.log_start_offset = one.read.log_start_offset;
        }
        if (request_.isolation == isolation_level::read_committed) answer.aborted_transactions.emplace();
        if (one.read.bytes == 0) return;
        const std::size_t bytes = one.read.bytes;
        answer.records =
            record_bytes::placeholder(context_.output.add_records(std::move(one.read.records)), bytes);
    }

    request_context& context_;
    fetch_request& request_;
    /// Of the request, once its frame has gone.
    std::string names_;
    const std::size_t bytes_max_;
    const std::size_t bytes_min_;
    const env::monotonic_time deadline_;

    // What the last round of reads gave; parts_ in the order of the request.
    std::vector<part> parts_;
    std::vector<seen_tablet> seen_;
    std::size_t part_count_ = 0;
    std::size_t bytes_ = 0;
    bool has_error_ = false;
    /// There was more, but no memory for it now.
    bool is_cut_short_ = false;
    /// Bytes of parts_ that are held of the budget.
    std::size_t held_bytes_ = 0;
};

/// Sessions are never made here, so a request that goes on with one means another broker, or another life of
/// this one.
error_code session_error(const fetch_request& request) {
    if (request.session_epoch <= 0) return error_code::none;
    return request.session_id != 0 ? error_code::fetch_session_id_not_found
                                   : error_code::invalid_fetch_session_epoch;
}

}  // namespace

env::task<result<>> serve_fetch(request_context* context) {
    auto request = context->decode<fetch_request>();
    if (!request) co_return std::unexpected(request.error());
    if (const error_code code = session_error(*request); code != error_code::none) {
        fetch_response response;
        response.error = code;
        context->with.metrics.count(code);
        co_return context->answer(response);
    }
    fetch work(*context, *request);
    co_return co_await work.run();
}

}  // namespace logstore::kafka
