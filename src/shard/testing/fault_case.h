// One life of a store with one fault in it, judged. For tests.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "shard/testing/fault_column.h"
#include "shard/testing/faulted_store.h"
#include "shard/testing/stored_epochs.h"

namespace logstore {

/// An operation of the store: what came before it, and itself. The faults hit it alone.
struct fault_scenario {
    const char* name;
    std::uint32_t shards = 1;
    /// Topics and options, before the first start. May be null.
    void (*shape)(faulted_store&);
    /// Leaves the store running, or ended when the operation starts it.
    void (*before)(faulted_store&);
    env::task<> (*operation)(faulted_store*);
    /// It takes long in the real world: fewer places.
    bool is_slow = false;
};

/// Where in a scenario its fault comes.
struct fault_place {
    std::uint64_t seed = 1;
    /// The n of the column.
    std::uint64_t at = 0;
    /// For the columns of recovery: the operation at which the power failed before it.
    std::uint64_t cut_at = 0;
};

/// What a scenario does without faults, in the units of the columns.
struct fault_measures {
    std::uint64_t operations = 0;
    std::uint64_t writes = 0;
    std::uint64_t flushes = 0;
    std::uint64_t blocks = 0;
};

/// Makes the store of a scenario, brings on the fault, and then: what is still up answers rightly; the
/// process ends, by a power cut or a kill in turn; the next one starts, has everything, takes appends, stops
/// cleanly, and the one after has it all too.
class fault_case {
  public:
    fault_case(const fault_scenario& scenario, fault_place place)
        : scenario_(scenario), place_(place), store_(place.seed, scenario.shards) {
        if (scenario_.shape != nullptr) scenario_.shape(store_);
        scenario_.before(store_);
        disk().set_free_bytes(plenty);
        first_ = disk().operations() + 1;
    }

    /// Without any fault: nothing may fail.
    fault_measures measure() {
        const std::uint64_t free_before = disk().free_bytes();
        world().run(scenario_.operation(&store_));
        fault_measures found;
        found.operations = disk().operations() + 1 - first_;
        for (const auto& one : disk().trace()) {
            if (one.number < first_) continue;
            found.writes += is_write(one) ? 1 : 0;
            found.flushes += is_flush(one) ? 1 : 0;
        }
        found.blocks = (free_before - std::min(free_before, disk().free_bytes())) / block_bytes + 1;
        if (store_.has_failed()) store_.note("fatal without a fault: " + store_.rig->fatal());
        if (store_.is_up()) world().run(store_.compare(false, false));
        end_process();
        check_next_lives();
        return found;
    }
    /// Of the recovery after a power cut at place.cut_at.
    fault_measures measure_recovery() {
        cut_power_in(scenario_.operation(&store_), place_.cut_at);
        const std::uint64_t before = disk().operations();
        auto started = world().run(store_.start_somehow());
        if (!started) store_.note("recovery without a fault: " + started.error().message());
        fault_measures found;
        found.operations = disk().operations() - before;
        end_process();
        return found;
    }

    /// Whether the fault came. finding() has what is wrong, when something is.
    bool run(fault_column column) {
        const bool came = bring_on(column);
        disk().clear_faults();
        disk().set_free_bytes(plenty);
        check_next_lives();
        return came;
    }

    const std::string& finding() const { return store_.finding(); }
    faulted_store& store() { return store_; }

  private:
    static constexpr std::uint64_t plenty = std::uint64_t(1) << 30;
    using operation = env::sim_disk_operation;
    using kind = env::sim_disk_operation_kind;

    static bool is_write(const operation& one) {
        return one.kind == kind::write || one.kind == kind::write_durably;
    }
    static bool is_flush(const operation& one) {
        return one.kind == kind::flush || one.kind == kind::write_durably || one.kind == kind::sync_directory;
    }
    env::sim_world& world() { return store_.world; }
    env::sim_disk& disk() { return store_.world.disk(); }

    bool bring_on(fault_column column) {
        switch (column) {
            case fault_column::power_cut: return cut_power_in(scenario_.operation(&store_), place_.at);
            case fault_column::error_once: return run_with_error(std::errc::io_error, false);
            case fault_column::errors_from: return run_with_error(std::errc::io_error, true);
            case fault_column::no_space_once: return run_with_error(std::errc::no_space_on_device, false);
            case fault_column::short_write: return run_with_short_write();
            case fault_column::no_space: return run_without_space();
            case fault_column::slow_flush: return run_with_slow_flush();
            case fault_column::cut_in_recovery: {
                cut_power_in(scenario_.operation(&store_), place_.cut_at);
                return cut_power_in(start(), place_.at);
            }
            case fault_column::error_in_recovery: {
                cut_power_in(scenario_.operation(&store_), place_.cut_at);
                disk().fail_operation(place_.at, std::errc::io_error);
                const std::uint64_t before = disk().counters().errors_injected;
                world().run(start());
                const bool came = disk().counters().errors_injected > before;
                check_what_is_up();
                end_process();
                return came;
            }
        }
        return false;
    }

    env::task<> start() {
        auto started = co_await store_.start_somehow();
        (void)started;
    }

    /// False when the work ended before; the process has ended all the same.
    bool cut_power_in(env::task<> work, std::uint64_t at) {
        bool cut = false;
        disk().crash_after(at, [&cut] { cut = true; });
        auto running = world().start(std::move(work));
        CHECK(world().run_until([&] { return cut || running.done(); }, std::chrono::hours(3)),
              "it does not go on");
        disk().cancel_crash();
        store_.is_dead = true;
        world().crash(place_.seed * 1000 + at, cut_style(at));
        CHECK(world().run_until([&] { return running.done(); }), "it does not end without power");
        store_.bury_process();
        store_.is_dead = false;
        return cut;
    }
    static env::sim_crash_style cut_style(std::uint64_t at) {
        return at % 4 == 0 ? env::sim_crash_style::lose_unflushed : env::sim_crash_style::mixed;
    }

    bool run_with_error(std::errc code, bool sticky) {
        const std::uint64_t before = disk().counters().errors_injected;
        disk().fail_operation(place_.at, code, sticky);
        world().run(scenario_.operation(&store_));
        const bool came = disk().counters().errors_injected > before;
        check_what_is_up();
        end_process();
        return came;
    }

    bool run_with_short_write() {
        std::uint64_t seen = 0;
        disk().fail_matching(
            [&seen, n = place_.at](const operation& one) { return is_write(one) && ++seen == n; },
            std::errc::no_space_on_device);
        world().run(scenario_.operation(&store_));
        check_what_is_up();
        end_process();
        return seen >= place_.at;
    }

    bool run_without_space() {
        const std::uint64_t before = disk().counters().refused_for_space;
        disk().set_free_bytes(place_.at * block_bytes);
        world().run(scenario_.operation(&store_));
        const bool came = disk().counters().refused_for_space > before;
        if (store_.has_failed()) store_.note("no space ends the process: " + store_.rig->fatal());
        if (store_.is_up()) world().run(store_.compare(false, false));
        // Every other time it ends and starts again while there is none; else room comes back.
        if (place_.at % 2 == 0) {
            if (store_.is_up()) (void)world().run(store_.stop_somehow());
            end_process();
            world().run(start());
            if (store_.is_up()) world().run(store_.compare(false, true));
        }
        disk().set_free_bytes(plenty);
        world().advance(std::chrono::seconds(5));
        check_what_is_up();
        end_process();
        return came;
    }

    bool run_with_slow_flush() {
        std::uint64_t seen = 0;
        disk().hold([&seen, n = place_.at](const operation& one) { return is_flush(one) && ++seen == n; });
        auto running = world().start(scenario_.operation(&store_));
        (void)world().run_until([&] { return running.done(); }, std::chrono::seconds(30));
        if (place_.at % 2 == 0) {
            store_.is_dead = true;
            world().crash(place_.at, env::sim_crash_style::lose_unflushed);
            CHECK(world().run_until([&] { return running.done(); }), "it does not end without power");
            store_.bury_process();
            store_.is_dead = false;
        } else {
            disk().release();
            CHECK(world().run_until([&] { return running.done(); }, std::chrono::hours(3)),
                  "it does not go on");
            if (store_.has_failed()) store_.note("a slow flush ends the process: " + store_.rig->fatal());
            check_what_is_up();
            end_process();
        }
        return seen >= place_.at;
    }

    /// After the fault: what goes on takes appends and has everything.
    void check_what_is_up() {
        disk().clear_faults();
        if (!store_.is_up() || store_.has_failed()) return;
        world().run(store_.compare(false, false));
        expect_appends();
        world().run(store_.compare(false, false));
    }

    void expect_appends() {
        for (const tablet_id& tablet : store_.tablets()) {
            const append_outcome told = world().run(store_.append_to(tablet, 300));
            // What was under way when the faults were taken away may still end in an error, and the process
            // with it.
            if (told.code != tablet_errc::ok && !store_.has_failed())
                store_.note(
                    fmt::format("an append after the fault ends with code {}", static_cast<int>(told.code)));
        }
    }

    void end_process() {
        const std::uint64_t seed = place_.seed * 1000 + place_.at;
        disk().clear_faults();
        switch ((place_.seed + place_.at) % 3) {
            case 0: world().kill(seed); break;
            case 1: world().crash(seed, env::sim_crash_style::lose_unflushed); break;
            default: world().crash(seed); break;
        }
        store_.bury_process();
    }

    void check_next_lives() {
        for (int life = 0; life < 2 && finding().empty(); ++life) {
            auto started = world().run(store_.start_somehow());
            if (!started) return store_.note("the next start: " + started.error().message());
            world().run(store_.compare(false, true));
            compare_epochs(life == 1);
            if (life == 0) {
                expect_appends();
                world().run(store_.compare(false, false));
            }
            auto stopped = world().run(store_.stop_somehow());
            if (!stopped || store_.has_failed())
                return store_.note("the next stop: " +
                                   (stopped ? store_.rig->fatal() : stopped.error().message()));
            store_.rig.reset();
            if (store_.has_metadata()) check_leftovers();
            for (const std::string& file : stored_segments(world(), store_.logs_folder()))
                if (!holds_whole_batches(world(), file))
                    store_.note(file + " has not its exact length after a clean stop");
        }
    }

    /// After a clean stop no deleted topic has left anything.
    void check_leftovers() {
        for (const std::string& name : disk().durable_names(store_.logs_folder())) {
            const bool is_known = std::ranges::any_of(
                store_.topics, [&](const hosted_topic& topic) { return name.starts_with(topic.name + "-"); });
            if (!is_known || name.ends_with("-delete")) store_.note(name + " is left of a deleted topic");
        }
    }

    /// The epoch checkpoints agree with the batches, or are not there until somebody asks for them.
    void compare_epochs(bool must_be_there) {
        for (const hosted_topic& topic : store_.topics) {
            for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
                const tablet_id tablet{topic.id, partition_id(partition)};
                const auto batches = world().run(store_.rig->read_all(tablet));
                if (!batches || batches->empty()) continue;
                list_offset_request earliest;
                earliest.tablet = tablet;
                earliest.query = offset_query::earliest;
                const offset log_start(world().run(store_.rig->at(0).list_offset(earliest)).found_offset);
                const std::string directory =
                    fmt::format("{}/{}-{}", store_.logs_folder(), topic.name, partition);
                const auto told = epochs_of_file(world(), directory, log_start);
                if (!told && must_be_there) store_.note(directory + " has no epoch checkpoint");
                if (told && *told != epochs_of_batches(*batches, log_start))
                    store_.note(directory + ": the epoch checkpoint does not agree with the batches");
            }
        }
    }

    const fault_scenario& scenario_;
    const fault_place place_;
    faulted_store store_;
    std::uint64_t first_ = 0;
};

}  // namespace logstore
