// The keys of a topic, some at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "resp/key_lookup.h"

namespace logstore::resp {

/// Where a page begins and how much it may hold.
struct page_request {
    std::int32_t partition = 0;
    std::string_view prefix;
    /// Keys behind this one; nothing: from the first on.
    std::optional<byte_vector> after;
    std::size_t keys_max = 0;
    std::size_t bytes_max = 0;
    bool with_values = true;
};

struct key_page {
    tablet_errc code = tablet_errc::ok;
    std::vector<key_scan_outcome::entry> entries;
    /// The last key that was seen, which may not be among the entries, and the offset of its record.
    std::optional<byte_vector> last_key;
    offset last_at{-1};
    /// Of this partition.
    bool has_more = false;
};

/// The keys of one topic by partition, each key in the one that holds its latest record. One shard.
class key_pages {
  public:
    key_pages(const serving& with, std::string_view topic) : with_(with), lookup_(with) { lookup_.topic(topic); }

    /// First.
    env::task<void> find_rule();
    bool exists() const { return lookup_.at(0).exists; }
    /// REQUIRES: exists(), find_rule() is done.
    tablet_errc code() const { return lookup_.at(0).where.code; }
    std::int32_t partition_count() const { return lookup_.at(0).of.partition_count; }
    tablet_id at(std::int32_t partition) const { return lookup_.at(0).of.at(partition); }

    env::task<key_page> read(page_request what);

    struct key_count {
        tablet_errc code = tablet_errc::ok;
        std::uint64_t count = 0;
    };
    /// Of one partition, and of all; with what was acknowledged before. A key counts in each partition that holds it.
    env::task<key_count> count(std::int32_t partition);
    env::task<key_count> count_all();

  private:
    env::task<void> drop_older(key_page* page, std::int32_t partition);

    const serving& with_;
    key_lookup lookup_;
};

}  // namespace logstore::resp
