// Metadata: this broker, the topics, and where their partitions are led.
#include "kafka/protocol/messages/metadata.h"

#include <unordered_map>
#include <unordered_set>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/internal_topics.h"
#include "kafka/server/topic_errors.h"

namespace logstore::kafka {
namespace {

/// Why a topic that does not exist was not made, in words for someone who only wanted to know of it.
error_code auto_creation_error(const error& why) {
    const error_code code = create_topic_error(why);
    // Gone again since another client made it, or a passing trouble of the store: worth another request.
    const bool passes = code == error_code::topic_already_exists || is_retriable(code) ||
                        code == error_code::request_timed_out;
    return passes ? error_code::leader_not_available : code;
}

/// Collects the answer to one request.
class metadata_answer {
  public:
    metadata_answer(request_context& context, const metadata_request& request)
        : context_(context), request_(request) {
        broker& target = context.target();
        const env::socket_address& here = context.with.options.advertised;
        auto& self = response_.brokers.emplace_back();
        self.id = target.node();
        self.host = here.host;
        self.port = here.port;
        response_.cluster_id = target.cluster_id();
        response_.controller = target.node();
    }

    env::task<result<>> run() {
        const bool wants_all = request_.asks_for_all_topics(context_.version());
        if (!wants_all) co_await create_missing();
        // From here on nothing waits: an answer is large only for a moment.
        if (context_.answer_memory.is_scarce() && partitions_asked_for() > small_answer_partitions_max) {
            co_await context_.room_for_answer();
        }
        const auto image = context_.target().topics();
        if (wants_all) {
            for (const cluster::topic_ptr& one : image->topics()) add(*one);
        } else {
            for (const auto& asked : *request_.topics) add_asked(*image, asked);
        }
        co_return context_.answer(response_);
    }

  private:
    /// About 16 KiB of answer.
    static constexpr std::size_t small_answer_partitions_max = 400;

    std::size_t partitions_asked_for() const {
        const auto image = context_.target().topics();
        std::size_t count = 0;
        const auto add_up = [&](const cluster::topic_ptr& one) {
            count += 1 + (one == nullptr ? 0 : static_cast<std::size_t>(one->partition_count));
        };
        if (request_.asks_for_all_topics(context_.version())) {
            for (const cluster::topic_ptr& one : image->topics()) add_up(one);
        } else {
            for (const auto& asked : *request_.topics)
                add_up(asked.name ? image->find(*asked.name) : image->find(asked.id));
        }
        return count;
    }

    void add_asked(const cluster::topic_image& image, const metadata_request::topic& asked) {
        if (!asked.id.is_none()) return add_by_id(image, asked.id);
        if (!asked.name) return add_error(error_code::invalid_request, "", {});
        const cluster::topic_ptr known = image.find(*asked.name);
        if (known != nullptr) return add(*known);
        if (!named_.insert(*asked.name).second) return;
        const auto refused = refused_.find(*asked.name);
        // Made, and deleted by another client since.
        const error_code code =
            refused == refused_.end() ? error_code::leader_not_available : refused->second;
        add_error(code, std::string(*asked.name), {});
    }

    /// Each topic once, however often it is named: an answer must not grow with repetitions.
    void add(const cluster::topic& one) {
        if (!added_.insert(one.id).second) return;
        auto& answer = response_.topics.emplace_back();
        answer.name = one.name;
        answer.id = one.id;
        answer.is_internal = is_internal_topic(one.name);
        answer.partitions.reserve(static_cast<std::size_t>(one.partition_count));
        const broker_id here = context_.target().node();
        for (std::int32_t i = 0; i < one.partition_count; ++i) {
            auto& part = answer.partitions.emplace_back();
            part.index = partition_id(i);
            part.leader = here;
            part.epoch = context_.target().epoch();
            part.replicas = {here};
            part.in_sync_replicas = {here};
        }
    }

    void add_by_id(const cluster::topic_image& image, const topic_id& id) {
        if (const cluster::topic_ptr known = image.find(id)) return add(*known);
        if (!added_.insert(id).second) return;
        // Only version 12 can say "no name".
        std::optional<std::string> name;
        if (context_.version() < 12) name.emplace();
        add_error(error_code::unknown_topic_id, std::move(name), id);
    }

    /// Makes the topics that are missing when the request, the configuration and their names allow that.
    env::task<void> create_missing() {
        for (const auto& asked : *request_.topics) {
            if (context_.is_turn_over()) co_await context_.next_turn();
            if (!asked.id.is_none() || !asked.name || refused_.contains(*asked.name)) continue;
            if (context_.target().topics()->find(*asked.name) != nullptr) continue;
            const error_code code = co_await create(*asked.name);
            if (code != error_code::none) refused_.emplace(*asked.name, code);
        }
    }

    env::task<error_code> create(std::string_view name) {
        if (!is_legal_topic_name(name)) co_return error_code::invalid_topic_exception;
        if (!request_.allow_auto_topic_creation || !context_.with.options.auto_create_topics)
            co_return error_code::unknown_topic_or_partition;
        // Nobody waits for the answer, or the broker is about to stop.
        if (context_.hurry.is_set()) co_return error_code::leader_not_available;
        cluster::new_topic wanted;
        wanted.name = name;
        wanted.partition_count = context_.with.options.partitions_default;
        const auto made = co_await context_.target().create_topic(std::move(wanted));
        co_return made ? error_code::none : auto_creation_error(made.error());
    }

    void add_error(error_code code, std::optional<std::string> name, const topic_id& id) {
        context_.with.metrics.count(code);
        auto& answer = response_.topics.emplace_back();
        answer.error = code;
        answer.name = std::move(name);
        answer.id = id;
    }

    request_context& context_;
    const metadata_request& request_;
    metadata_response response_;
    std::unordered_set<topic_id> added_;
    std::unordered_set<std::string_view> named_;
    /// Why topics of these names were not made.
    std::unordered_map<std::string_view, error_code> refused_;
};

}  // namespace

env::task<result<>> serve_metadata(request_context* context) {
    const auto request = context->decode<metadata_request>();
    if (!request) co_return std::unexpected(request.error());
    metadata_answer answer(*context, *request);
    co_return co_await answer.run();
}

}  // namespace logstore::kafka
