// Seeded randomness: every choice of a simulated world comes from one of these.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "env/random.h"

namespace logstore::env {

/// A stream of numbers that is the same for the same seed on every machine (xoshiro256**, seeded by
/// splitmix64).
class sim_random final : public random_source {
  public:
    explicit sim_random(std::uint64_t seed) {
        for (auto& word : state_) word = mix(seed += 0x9e3779b97f4a7c15);
    }

    std::uint64_t next() override {
        const std::uint64_t answer = rotated(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotated(state_[3], 45);
        return answer;
    }

    /// 0 … bound - 1. The bias for large bounds does not matter here. REQUIRES: bound > 0.
    std::uint64_t below(std::uint64_t bound) {
        CHECK(bound > 0);
        return next() % bound;
    }
    /// first … last, both included.
    std::uint64_t between(std::uint64_t first, std::uint64_t last) {
        CHECK(first <= last, "{} … {}", first, last);
        return last - first == ~std::uint64_t{0} ? next() : first + below(last - first + 1);
    }
    /// True once in `n` times on average; never for 0.
    bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }
    bool coin() { return (next() >> 63) != 0; }
    /// 0 ≤ x < 1.
    double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }

    void fill(mutable_bytes bytes) {
        for (auto& b : bytes) b = static_cast<std::byte>(next() >> 56);
    }

    /// A stream of its own for the part of the world called `part`: what one part draws does not move
    /// another's choices.
    static sim_random for_part(std::uint64_t seed, std::string_view part) {
        std::uint64_t name = 0xcbf29ce484222325;
        for (const char c : part) name = (name ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        return sim_random(seed ^ mix(name));
    }

  private:
    static std::uint64_t rotated(std::uint64_t value, int by) { return (value << by) | (value >> (64 - by)); }
    static std::uint64_t mix(std::uint64_t value) {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    std::uint64_t state_[4];
};

}  // namespace logstore::env
