// Fetch: stored batches to consumers, with a long poll.
#include "kafka/protocol/messages/fetch.h"

#include <algorithm>
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
    fetch(request_context& context, const fetch_request& request)
        : context_(context),
          request_(request),
          bytes_max_(std::min(not_negative(request.max_bytes), context.with.options.fetch_bytes_max)),
          bytes_min_(std::min(not_negative(request.min_bytes), bytes_max_)),
          deadline_(now() + std::clamp<env::duration>(std::chrono::milliseconds(request.max_wait_ms), {},
                                                      context.with.options.fetch_wait_max)) {}

    ~fetch() { context_.fetch_memory.give_back(held_bytes_); }
    fetch(const fetch&) = delete;
    fetch& operator=(const fetch&) = delete;

    env::task<result<>> run() {
        for (;;) {
            const auto image = context_.target().topics();
            co_await read_all(image.get());
            if (must_answer()) break;
            std::vector<seen_tablet> seen = std::move(seen_);
            parts_.clear();  // nothing stays pinned during the wait
            context_.fetch_memory.give_back(std::exchange(held_bytes_, 0));
            co_await context_.target().wait_for_data(std::move(seen), deadline_, &context_.hurry);
        }
        co_return answer();
    }

  private:
    struct part {
        const fetch_request::partition* asked = nullptr;
        error_code error = error_code::none;
        read_outcome read;
    };

    static std::size_t not_negative(std::int32_t n) { return static_cast<std::size_t>(std::max(n, 0)); }
    env::monotonic_time now() const { return context_.target().world().time().now(); }

    /// Every partition in the order of the request; each gets what the ones before it left of the limit.
    env::task<void> read_all(const cluster::topic_image* image) {
        parts_.clear();
        seen_.clear();
        bytes_ = 0;
        has_error_ = is_cut_short_ = false;
        for (const auto& asked_topic : request_.topics) {
            const cluster::topic_ptr known = image->find(asked_topic.name);
            for (const auto& asked : asked_topic.partitions) {
                parts_.emplace_back().asked = &asked;
                if (has_partition(known.get(), asked.index)) {
                    co_await read({known->id, asked.index}, &asked);
                } else {
                    note_error(error_code::unknown_topic_or_partition);
                }
            }
        }
    }

    env::task<void> read(tablet_id from, const fetch_request::partition* asked) {
        const std::size_t left = bytes_max_ - std::min(bytes_, bytes_max_);
        const std::size_t wanted = std::min(not_negative(asked->max_bytes), left);
        const std::size_t granted = context_.fetch_memory.take_up_to(wanted);
        read_request what;
        what.tablet = from;
        what.from = asked->fetch_offset;
        what.bytes_max = granted;
        // The first partition that has anything gives one batch even above the limits, or a large one would
        // block for ever.
        what.at_least_one = bytes_ == 0;
        what.current_epoch = asked->current_epoch;
        read_outcome outcome = co_await context_.target().read(what);
        if (outcome.bytes < granted) {
            context_.fetch_memory.give_back(granted - outcome.bytes);
        } else {
            context_.fetch_memory.take_anyway(outcome.bytes - granted);
        }
        held_bytes_ += outcome.bytes;
        if (granted < wanted && outcome.bytes > 0) is_cut_short_ = true;
        note_outcome(from, std::move(outcome));
    }

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
    const fetch_request& request_;
    const std::size_t bytes_max_;
    const std::size_t bytes_min_;
    const env::monotonic_time deadline_;

    // What the last round of reads gave; parts_ in the order of the request.
    std::vector<part> parts_;
    std::vector<seen_tablet> seen_;
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
    const auto request = context->decode<fetch_request>();
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
