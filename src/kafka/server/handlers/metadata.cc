// Metadata: this broker, the topics, and where their partitions are led.
#include "kafka/protocol/messages/metadata.h"

#include <unordered_set>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/topic_errors.h"

namespace logstore::kafka {
namespace {

/// Topics in which the broker itself keeps something.
bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state";
}

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
        auto image = context_.target().topics();
        if (request_.asks_for_all_topics(context_.version())) {
            for (const cluster::topic_ptr& one : image->topics()) add(*one);
            co_return context_.answer(response_);
        }
        for (const auto& asked : *request_.topics) {
            if (!asked.id.is_none()) {
                add_by_id(*image, asked.id);
            } else if (!asked.name) {
                add_error(error_code::invalid_request, "", {});
            } else if (const cluster::topic_ptr known = image->find(*asked.name)) {
                add(*known);
            } else if (missing_.insert(*asked.name).second) {
                co_await add_missing(*asked.name);
                image = context_.target().topics();
            }
        }
        co_return context_.answer(response_);
    }

  private:
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

    /// Makes the topic when the request, the configuration and its name allow that.
    env::task<void> add_missing(std::string_view name) {
        std::string own_name(name);
        if (!is_legal_topic_name(own_name)) {
            add_error(error_code::invalid_topic_exception, std::move(own_name), {});
        } else if (!request_.allow_auto_topic_creation || !context_.with.options.auto_create_topics) {
            add_error(error_code::unknown_topic_or_partition, std::move(own_name), {});
        } else {
            cluster::new_topic wanted;
            wanted.name = own_name;
            wanted.partition_count = context_.with.options.partitions_default;
            const auto made = co_await context_.target().create_topic(std::move(wanted));
            if (made) {
                add(*made);
            } else if (const auto image = context_.target().topics();
                       const cluster::topic_ptr other = image->find(own_name)) {
                add(*other);  // another client was faster
            } else {
                add_error(auto_creation_error(made.error()), std::move(own_name), {});
            }
        }
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
    std::unordered_set<std::string_view> missing_;
};

}  // namespace

env::task<result<>> serve_metadata(request_context* context) {
    const auto request = context->decode<metadata_request>();
    if (!request) co_return std::unexpected(request.error());
    metadata_answer answer(*context, *request);
    co_return co_await answer.run();
}

}  // namespace logstore::kafka
