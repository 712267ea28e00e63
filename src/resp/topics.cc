#include "resp/topics.h"

#include <charconv>

#include "cluster/errc.h"
#include "model/topic_partition.h"
#include "resp/errors.h"

namespace logstore::resp {
namespace {

/// How often, and how many times, a topic that another client is making is looked for.
constexpr env::duration look_interval = std::chrono::milliseconds(2);
constexpr int looks_max = 1000;

}  // namespace

env::task<topic_made> make_topic(const serving* with, std::string name, bool has_view) {
    topic_made done;
    if (!is_legal_topic_name(name)) {
        done.why = illegal_topic_name(name);
        co_return done;
    }
    if (!with->options.auto_create_topics) {
        done.why = unknown_topic(name);
        co_return done;
    }
    cluster::new_topic wanted;
    wanted.name = name;
    if (has_view) wanted.configs["kv.enabled"] = "true";
    const auto made = co_await with->target.create_topic(std::move(wanted));
    done.is_there = made.has_value() || with->target.topics()->find(name) != nullptr;
    // Another client was faster: this shard will hear of the topic soon.
    for (int looks = 0; !done.is_there && made.error().code == cluster::errc::topic_exists && looks < looks_max;
         ++looks) {
        co_await env::sleep(with->target.world().loop, look_interval);
        done.is_there = with->target.topics()->find(name) != nullptr;
    }
    if (done.is_there) co_return done;
    const std::error_code code = made.error().code;
    done.is_unknown = code == cluster::errc::unknown_outcome || code.category() != cluster::error_category();
    done.why = topic_error(made.error());
    co_return done;
}

std::optional<stream_name> stream_name::of(std::string_view key) {
    stream_name found;
    const std::size_t slash = key.rfind('/');
    found.topic = key.substr(0, slash);
    if (slash == std::string_view::npos) return found;
    const std::string_view digits = key.substr(slash + 1);
    const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), found.partition);
    if (why != std::errc() || end != digits.data() + digits.size() || found.partition < 0) return std::nullopt;
    return found;
}

}  // namespace logstore::resp
