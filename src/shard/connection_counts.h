// How many connections are open, in all and from each address.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logstore {

/// Counts in two tables of fixed size, each by a hash of its own, so that no address costs memory: one is over
/// its limit when both of its counters say so. Two addresses that share a counter are mistaken for one only
/// where a third shares the other. Any thread.
class connection_counts {
  public:
    connection_counts(std::uint32_t total_max, std::uint32_t per_address_max)
        : total_max_(total_max), per_address_max_(per_address_max) {}

    enum class verdict : std::uint8_t { admitted, too_many, too_many_of_address };

    /// `address` without its port. An admitted one is counted until leave() with the same.
    verdict enter(std::string_view address) {
        if (total_.fetch_add(1) >= total_max_) {
            total_.fetch_sub(1);
            return verdict::too_many;
        }
        const places at = places_of(address);
        const std::uint32_t in_first = first_[at.first].fetch_add(1);
        const std::uint32_t in_second = second_[at.second].fetch_add(1);
        if (in_first < per_address_max_ || in_second < per_address_max_) return verdict::admitted;
        leave(address);
        return verdict::too_many_of_address;
    }
    void leave(std::string_view address) {
        const places at = places_of(address);
        first_[at.first].fetch_sub(1);
        second_[at.second].fetch_sub(1);
        total_.fetch_sub(1);
    }

    std::uint32_t total() const { return total_.load(std::memory_order_relaxed); }
    std::uint32_t total_max() const { return total_max_; }
    std::uint32_t per_address_max() const { return per_address_max_; }

    /// "127.0.0.1:5" and "[::1]:5" without the port.
    static std::string_view address_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

  private:
    static constexpr std::size_t table_size = 65'536;
    struct places {
        std::size_t first;
        std::size_t second;
    };
    static places places_of(std::string_view address) {
        const std::size_t hash = std::hash<std::string_view>()(address);
        return {hash % table_size, hash / table_size % table_size};
    }

    const std::uint32_t total_max_;
    const std::uint32_t per_address_max_;
    std::atomic<std::uint32_t> total_{0};
    std::array<std::atomic<std::uint32_t>, table_size> first_{};
    std::array<std::atomic<std::uint32_t>, table_size> second_{};
};

}  // namespace logstore
