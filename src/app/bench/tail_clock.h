// How long records take from their producer to a waiting consumer.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "app/bench/load_loop.h"
#include "app/bench/payload.h"

namespace logstore::app::bench {

/// Watches a load of one record a request, and is told which records arrive. One executor. Memory: an entry
/// for each record that has not arrived or is not acknowledged; entries_max of them.
class tail_clock final : public load_watcher {
  public:
    static constexpr std::size_t entries_max = std::size_t(1) << 20;

    explicit tail_clock(std::uint32_t run, std::uint32_t value_bytes)
        : run_(run), value_bytes_(value_bytes) {}

    void on_sent(const append_order& what, env::monotonic_time due, bool is_measured) override;
    void on_acknowledged(const append_order& what, env::monotonic_time now) override;
    void on_failed(const append_order& what) override;
    /// A record that a consumer was given; those of others are left out.
    void on_received(bytes_view value, env::monotonic_time now);

    /// Acknowledged records that have not arrived.
    std::uint64_t missing() const { return missing_; }
    /// Records that arrived, by when they were due.
    const latency_histogram& sent_to_received() const { return sent_to_received_; }
    /// 0 of a record that arrived before its acknowledgement.
    const latency_histogram& acknowledged_to_received() const { return acknowledged_to_received_; }
    /// By the second in which they arrived; without a measured record there is none.
    time_series finish(env::monotonic_time now);

  private:
    struct entry {
        env::monotonic_time due;
        std::optional<env::monotonic_time> acknowledged_at, received_at;
        bool is_measured = false;
        /// Nothing more is to come.
        bool is_over = false;
    };
    struct stream {
        std::uint64_t first = 0;
        std::deque<entry> entries;
    };

    entry* find(std::uint32_t of, std::uint64_t sequence);
    void settle(stream& of, entry& one);
    void drop_settled(stream& of);

    const std::uint32_t run_;
    const std::uint32_t value_bytes_;
    std::vector<stream> streams_;
    std::size_t entries_ = 0;
    std::uint64_t missing_ = 0;
    latency_histogram sent_to_received_, acknowledged_to_received_;
    bool has_begun_ = false;
    time_series series_;
};

}  // namespace logstore::app::bench
