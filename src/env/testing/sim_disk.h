// The disk of one simulated machine: it outlives processes and power cuts, counts and traces every operation,
// and fails on demand.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/file.h"
#include "env/testing/sim_latency.h"
#include "env/testing/sim_namespace.h"
#include "env/testing/sim_scheduler.h"

namespace logstore::env {

enum class sim_disk_operation_kind {
    open,
    make_directory,
    list,
    exists,
    rename,
    remove_file,
    remove_directory,
    sync_directory,
    space,
    lock,
    read,
    write,
    write_durably,
    flush,
    reserve,
    truncate,
    size,
    drop_cache,
};
std::string_view name_of(sim_disk_operation_kind kind);

/// One call of a file or file system. A write in pieces is one write.
struct sim_disk_operation {
    sim_disk_operation_kind kind = sim_disk_operation_kind::open;
    std::string path;
    std::uint64_t position = 0;
    std::uint64_t length = 0;
    /// 1 for the disk's first.
    std::uint64_t number = 0;
    monotonic_time started{};
    /// While it is under way and when it never ended: none.
    std::optional<std::error_code> outcome;
};

using sim_disk_predicate = std::function<bool(const sim_disk_operation&)>;
/// Operations of that kind on paths that end so: `sim_disk_operations(flush, ".log")`.
sim_disk_predicate sim_disk_operations(sim_disk_operation_kind kind, std::string path_ending = {});

struct sim_disk_options {
    std::uint64_t total_bytes = std::uint64_t{1} << 40;
    std::uint64_t largest_file_bytes = std::uint64_t{1} << 36;
    /// As on a file system without O_DIRECT: direct files work through the page cache.
    bool refuses_direct = false;
    /// A misaligned direct transfer is a defect of the caller: CHECK. When false it answers EINVAL, as a
    /// kernel does.
    bool checks_alignment = true;
    sim_latency read{std::chrono::microseconds(20), std::chrono::microseconds(60)};
    sim_latency write{std::chrono::microseconds(10), std::chrono::microseconds(40)};
    /// Durable writes and flushes, of directories too.
    sim_latency flush{std::chrono::microseconds(80), std::chrono::microseconds(80)};
    /// Everything about names and sizes.
    sim_latency metadata{std::chrono::microseconds(5), std::chrono::microseconds(20)};
    /// Operations the trace remembers; older ones are counted in trace_hash() alone.
    std::size_t trace_limit = 20'000;
};

struct sim_disk_counters {
    std::uint64_t operations = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t flushes = 0;
    std::uint64_t errors_injected = 0;
    /// Operations that found no room.
    std::uint64_t refused_for_space = 0;
    std::uint64_t writes_lost = 0;
    std::uint64_t writes_misdirected = 0;
    std::uint64_t bits_flipped = 0;
    std::uint64_t power_cuts = 0;
    std::uint64_t kills = 0;
    /// Operations that a power cut or a kill caught under way.
    std::uint64_t operations_interrupted = 0;
    sim_crash_counters crash;
};

class sim_disk_request;

/// Files reach the disk through sim_file_system, as requests that end a seeded while later and may overtake
/// each other.
///
/// What survives: a direct write sits in the device's write cache until a flush of its file, or a durable
/// write over the range, has ended; a buffered write sits in the page cache. At a power cut each 512-byte
/// sector (page, when it never left the page cache) of such bytes is kept, old, zero or garbage. Sizes
/// survive by a flush of the file, or a durable write that needs them, in the order of their changes. Names
/// survive by a sync of their directory alone. A request that is under way may have done anything of its
/// work.
///
/// A process lives from one crash() or kill() to the next: file systems, files and locks of an earlier one
/// answer ENODEV to everything, also to requests that were under way, so that its objects can be taken apart.
/// `n` counts from 1 = the next operation, whatever its kind.
class sim_disk {
  public:
    /// The scheduler outlives the disk, the disk outlives its file systems.
    sim_disk(sim_scheduler& scheduler, std::uint64_t seed, sim_disk_options options = {});
    sim_disk(const sim_disk&) = delete;
    sim_disk& operator=(const sim_disk&) = delete;
    ~sim_disk();

    // ---- what happened
    const sim_disk_counters& counters() const { return counters_; }
    /// Operations started since the disk was made; an unchanged program with an unchanged seed starts the
    /// same ones.
    std::uint64_t operations() const { return counters_.operations; }
    const std::deque<sim_disk_operation>& trace() const { return trace_; }
    /// The last operations, one a line, for a person.
    std::string trace_text(std::size_t last = 100) const;
    /// Of all operations, their times and outcomes: equal for equal runs.
    std::uint64_t trace_hash() const { return trace_hash_; }

    // ---- power and processes
    /// The power fails when the n-th operation is under way: neither it nor any other ends from then on, and
    /// `then` is called. crash() brings the power back.
    void crash_after(std::uint64_t n, std::function<void()> then = {});
    void cancel_crash() { crash_at_ = 0; }
    bool has_power() const { return has_power_; }
    /// The power fails, if it has not, and comes back. What was not durable survives or not by `seed`.
    void crash(std::uint64_t seed, sim_crash_style style = sim_crash_style::mixed);
    /// The process dies and the machine stays: the page cache and the device's cache keep what they have.
    /// Requests under way happen or not, by `seed`.
    void kill(std::uint64_t seed);
    /// Counts the processes that the disk has seen.
    std::uint64_t process() const { return process_; }

    // ---- faults
    /// The n-th operation fails with errno `code`; with `sticky`, every one from the n-th on.
    void fail_operation(std::uint64_t n, std::errc code, bool sticky = false);
    /// The next `count` operations that match fail.
    void fail_matching(sim_disk_predicate which, std::errc code, std::uint64_t count = 1);
    /// The next `count` matching writes report success and never reach the device.
    void lose_writes(sim_disk_predicate which, std::uint64_t count = 1);
    /// The next `count` matching writes report success and land `shift` bytes away in the same file instead
    /// of where they belong.
    void misdirect_writes(sim_disk_predicate which, std::int64_t shift, std::uint64_t count = 1);
    /// Matching operations do not end until release().
    void hold(sim_disk_predicate which);
    void release();
    void clear_faults() { rules_.clear(); }

    void set_latency(sim_disk_operation_kind kind, sim_latency latency) { latencies_[kind] = latency; }
    /// From now on this much can be allocated.
    void set_free_bytes(std::uint64_t bytes) { total_bytes_ = used_bytes_ + bytes; }
    std::uint64_t free_bytes() const { return total_bytes_ > used_bytes_ ? total_bytes_ - used_bytes_ : 0; }

    /// Bit rot: damages what the media holds; a page in the page cache hides it. REQUIRES: `path` is a file.
    void flip_bit(std::string_view path, std::uint64_t position, unsigned bit);
    /// Flips `count` bits of a range, at the places that are returned.
    std::vector<std::uint64_t> flip_bits(std::string_view path, std::uint64_t position, std::uint64_t length,
                                         std::uint64_t count, std::uint64_t seed);
    void overwrite_media(std::string_view path, std::uint64_t position, bytes_view bytes);
    /// Memory gets scarce: clean pages of every file leave the page cache.
    void drop_caches();

    // ---- for checkers, without an operation
    /// What of a range would survive a power cut now for certain (less at the end of the file); none when the
    /// name would not.
    std::optional<byte_vector> durable_contents(std::string_view path, std::uint64_t position = 0,
                                                std::uint64_t length = ~std::uint64_t{0}) const;
    /// What a reader sees; none when there is no such file.
    std::optional<byte_vector> contents(std::string_view path) const;
    /// Names in a directory that would survive for certain.
    std::vector<std::string> durable_names(std::string_view path) const;

  private:
    friend class sim_disk_request;
    friend class sim_file_system;
    friend class sim_file;
    friend class sim_directory_lock;

    enum class fault_effect { error, lose, misdirect, hold };
    struct fault_rule {
        sim_disk_predicate which;
        fault_effect effect;
        std::error_code code;
        std::int64_t shift = 0;
        std::uint64_t remaining = 0;
    };

    void submit(sim_disk_request& request);
    void decide_fault(sim_disk_request& request);
    void schedule(sim_disk_request& request);
    void finish(sim_disk_request& request);
    void withdraw(sim_disk_request& request);
    void record(sim_disk_request& request);
    void record_outcome(const sim_disk_request& request);
    void add_to_hash(std::uint64_t value);
    void lose_power();
    void end_process(sim_random& random, bool interrupted_may_happen);

    std::error_code allocate(sim_inode& inode, std::uint64_t position, std::uint64_t length);
    void account(sim_inode& inode, std::uint64_t allocated_before);
    void let_go(sim_inode& inode);
    sim_inode& file_at(std::string_view path) const;

    sim_scheduler& scheduler_;
    sim_random random_;
    sim_disk_options options_;
    sim_namespace names_;
    std::uint64_t total_bytes_;
    std::uint64_t used_bytes_ = 0;
    std::set<const sim_inode*> locked_;

    std::uint64_t process_ = 1;
    bool has_power_ = true;
    std::uint64_t crash_at_ = 0;  // number of an operation; 0: none
    std::function<void()> then_;
    std::map<std::uint64_t, sim_disk_request*> under_way_;  // by their numbers
    std::uint64_t last_ticket_ = 0;

    std::vector<fault_rule> rules_;
    std::map<sim_disk_operation_kind, sim_latency> latencies_;
    sim_disk_counters counters_;
    std::deque<sim_disk_operation> trace_;
    std::uint64_t trace_hash_ = 0;
};

}  // namespace logstore::env
