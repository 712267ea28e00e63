// Failures, counted by their kind.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace logstore::app::bench {

/// Why a request was not acknowledged.
struct refusal {
    /// A name that Kafka's documentation knows (NOT_LEADER_OR_FOLLOWER), "HTTP 503 overloaded", or why there
    /// was no answer ("connection lost").
    std::string kind;
    std::string sentence;
    /// The connection is of no use any more.
    bool is_lost = false;
};

/// At most kinds_max kinds; what comes after counts as "other".
class error_counts {
  public:
    struct entry {
        std::string kind;
        std::uint64_t count = 0;
        /// What was said the first time.
        std::string example;
    };

    void add(const refusal& why, std::uint64_t times = 1) {
        if (times == 0) return;
        if (total_ == 0) first_ = why.sentence;
        total_ += times;
        const bool is_known = entries_.contains(why.kind);
        entry& one = entries_[is_known || entries_.size() < kinds_max ? why.kind : "other"];
        if (one.count == 0) one.example = why.sentence;
        one.count += times;
    }

    std::uint64_t total() const { return total_; }
    /// Of all; empty when there is none.
    const std::string& first() const { return first_; }
    /// By kind.
    std::vector<entry> entries() const {
        std::vector<entry> all;
        for (const auto& [kind, one] : entries_) all.push_back({kind, one.count, one.example});
        return all;
    }

  private:
    static constexpr std::size_t kinds_max = 63;

    std::map<std::string, entry> entries_;
    std::uint64_t total_ = 0;
    std::string first_;
};

}  // namespace logstore::app::bench
