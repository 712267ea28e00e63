// Every scenario through every column, and how to run one case again. For tests.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "shard/testing/fault_case.h"

namespace logstore {

/// A few places of each column, spread over the operation, unless the environment asks for more:
///   LOGSTORE_THOROUGH=1   every place, and twice as many power cuts before a recovery (four; every place of each
///                         of these recoveries)
///   LOGSTORE_SEED=n       another seed (1): other interleavings, sizes and outcomes of power cuts, and
///   another of the three ways
///                         in which the process ends after each fault
///   LOGSTORE_SEED_COUNT=n so many seeds (1)
///   LOGSTORE_AT=n, LOGSTORE_CUT_AT=n   this place alone, as a failure prints it
class fault_matrix {
  public:
    fault_matrix(const fault_scenario& scenario, fault_column column)
        : scenario_(scenario), column_(column), seed_(number("LOGSTORE_SEED", 1)) {}

    void run() {
        if (std::getenv("LOGSTORE_AT") != nullptr) {
            run_at({seed_, number("LOGSTORE_AT", 0), number("LOGSTORE_CUT_AT", 0)});
            return;
        }
        const std::uint64_t seeds = number("LOGSTORE_SEED_COUNT", 1);
        for (std::uint64_t i = 0; i < seeds && !testing::Test::HasFailure(); ++i) run_seed(seed_ + i);
        std::printf("%s, %s: %llu cases\n", scenario_.name, std::string(name_of(column_)).c_str(),
                    static_cast<unsigned long long>(cases_));
    }

  private:
    static constexpr std::uint64_t everything = 1'000'000'000;
    static constexpr std::uint64_t places_max = 6;
    static constexpr std::uint64_t slow_places_max = 3;
    static constexpr std::uint64_t cuts_max = 2;
    static constexpr std::uint64_t thorough_cuts_max = 4;

    static std::uint64_t number(const char* name, std::uint64_t otherwise) {
        const char* text = std::getenv(name);
        return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
    }
    static bool is_thorough() { return std::getenv("LOGSTORE_THOROUGH") != nullptr; }

    void run_seed(std::uint64_t seed) {
        const fault_measures measures = run_at({seed, 0, 0});
        if (!is_of_recovery(column_)) return run_places(seed, length_of(measures), 0);
        // The power fails before the recovery at some places of the operation, and at its end.
        const std::uint64_t cuts =
            std::min(is_thorough() ? thorough_cuts_max : cuts_max, measures.operations);
        for (std::uint64_t cut = 1; cut <= cuts && !testing::Test::HasFailure(); ++cut) {
            const std::uint64_t cut_at = cut == cuts ? everything : measures.operations * cut / cuts;
            run_places(seed, run_at({seed, 0, cut_at}).operations, cut_at);
        }
    }

    std::uint64_t length_of(const fault_measures& of) const {
        switch (column_) {
            case fault_column::short_write: return of.writes;
            case fault_column::slow_flush: return of.flushes;
            case fault_column::no_space: return of.blocks;
            default: return of.operations;
        }
    }

    void run_places(std::uint64_t seed, std::uint64_t length, std::uint64_t cut_at) {
        const std::uint64_t places = scenario_.is_slow ? slow_places_max : places_max;
        const std::uint64_t step = is_thorough() ? 1 : std::max<std::uint64_t>(1, length / places);
        for (std::uint64_t at = 1 + first_of_steps() % step; at <= length && !testing::Test::HasFailure();
             at += step)
            run_at({seed, at, cut_at});
    }
    /// Not the same places in every row.
    std::uint64_t first_of_steps() const {
        return crc32c(to_bytes_view(scenario_.name)) + static_cast<std::uint64_t>(column_) * 7;
    }
    static bytes_view to_bytes_view(std::string_view text) {
        return std::as_bytes(std::span(text.data(), text.size()));
    }

    /// Runs a case; at 0 there is no fault and the answer says how far the others go. When it fails, by a
    /// finding or by ending the process, says how to run it again.
    fault_measures run_at(fault_place place) {
        again() = fmt::format(
            "again: LOGSTORE_SEED={} LOGSTORE_AT={}{} shard_test --gtest_filter='{}/*.*/{}'", place.seed,
            place.at, is_of_recovery(column_) ? fmt::format(" LOGSTORE_CUT_AT={}", place.cut_at) : "",
            scenario_.name, name_of(column_));
        const auto before = std::signal(SIGABRT, [](int) { std::fputs((again() + "\n").c_str(), stderr); });
        fault_measures measures;
        {
            fault_case one(scenario_, place);
            if (place.at > 0)
                one.run(column_);
            else
                measures = place.cut_at > 0 ? one.measure_recovery() : one.measure();
            if (!one.finding().empty())
                ADD_FAILURE() << one.finding() << "\n"
                              << again() << "\n"
                              << one.store().world.disk().trace_text(60);
        }
        if (place.at > 0) ++cases_;
        std::signal(SIGABRT, before);
        return measures;
    }
    static std::string& again() {
        static std::string text;
        return text;
    }

    const fault_scenario& scenario_;
    const fault_column column_;
    const std::uint64_t seed_;
    std::uint64_t cases_ = 0;
};

}  // namespace logstore
