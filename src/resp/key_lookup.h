// Looking keys up, wherever in their topics they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "env/task.h"
#include "resp/serving.h"

namespace logstore::resp {

/// A topic that commands name. `of` and `where` count where it exists.
struct asked_topic {
    std::string_view name;
    bool exists = false;
    key_topic of;
    key_placing where;
    /// Of a record batch.
    std::size_t batch_bytes_max = 0;
};

/// A key, and the latest record of it.
struct asked_key {
    std::string_view key;
    /// Of those of the lookup.
    std::uint32_t topic = 0;
    std::optional<keyed_record> found{};
    /// Where it was found.
    std::int32_t partition = -1;
    /// Anything but ok: it is not known.
    tablet_errc code = tablet_errc::ok;
};

/// The topics of some commands, and the keys that are read in them: those of one tablet in one request. Where there is
/// no rule for a topic, or a key is not where it should be, all its partitions are asked, and the newest record counts;
/// among those of the same time that of the lowest partition. One shard; what is viewed outlives it.
class key_lookup {
  public:
    explicit key_lookup(const serving& with) : with_(with) {}

    /// Looks a topic up by name, once.
    std::uint32_t topic(std::string_view name);
    /// The same again: it may have been made meanwhile.
    void look_again(std::uint32_t topic);
    const asked_topic& at(std::uint32_t topic) const { return topics_[topic]; }
    std::span<asked_topic> topics() { return topics_; }
    /// Asks by which rules the keys of the topics lie.
    env::task<void> find_rules();

    std::vector<asked_key> keys;
    bool with_values = true;

    /// Finds all keys. At most `answer_bytes_max` of values: false when there are more, then nothing is of use.
    /// `is_one_by_one`: one tablet after another, so that little more than that is held at any time.
    env::task<bool> read(std::size_t answer_bytes_max, bool is_one_by_one);

  private:
    struct request {
        tablet_id tablet;
        key_read_request what;
        std::vector<std::uint32_t> places;  ///< in keys
        key_read_outcome outcome;
    };
    void add(std::uint32_t place, tablet_id at);
    request& request_to(tablet_id tablet);
    void add_everywhere(std::uint32_t place, std::int32_t but);
    env::task<bool> ask(std::size_t answer_bytes_max, bool is_one_by_one);
    env::task<void> ask_one(request* which);
    bool take(request& done);
    static bool is_newer(const keyed_record& one, std::int32_t partition, const asked_key& than);

    const serving& with_;
    std::vector<asked_topic> topics_;
    std::vector<request> requests_;
    /// By tablet, from some number of requests on.
    std::unordered_map<tablet_id, std::size_t> request_places_;
    std::size_t found_bytes_ = 0;
};

}  // namespace logstore::resp
