// The bytes of one file of a simulated disk, in the three states that matter for durability.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "base/bytes.h"
#include "env/testing/sim_random.h"

namespace logstore::env {

/// What a device writes as a whole, or tears apart from its neighbours.
inline constexpr std::size_t sim_sector_bytes = 512;
inline constexpr std::size_t sim_sectors_per_page = block_bytes / sim_sector_bytes;

/// What a crash does to what was not flushed.
enum class sim_crash_style {
    /// Each sector, page, size and name by the seed.
    mixed,
    /// The disk keeps nothing that it did not have to keep.
    lose_unflushed,
    /// The disk keeps everything.
    keep_unflushed,
};

/// What crashes have done so far, so that a test can tell that its faults really happened.
struct sim_crash_counters {
    std::uint64_t sectors_kept = 0;
    std::uint64_t sectors_lost = 0;
    std::uint64_t sectors_zeroed = 0;
    std::uint64_t sectors_garbled = 0;
    /// Writes of which some sectors survived and others did not.
    std::uint64_t writes_torn = 0;
    /// Dirty pages of the page cache.
    std::uint64_t pages_kept = 0;
    std::uint64_t pages_lost = 0;
    std::uint64_t size_changes_kept = 0;
    std::uint64_t size_changes_lost = 0;
    std::uint64_t names_kept = 0;
    std::uint64_t names_lost = 0;
};

/// Three layers of 4 KiB pages, absent ones being zeros:
///  - cache: the page cache, used by buffered reads and writes; its dirty pages are not on the device;
///  - device: what a direct read sees; its volatile sectors are in the device's write cache;
///  - stable: what survives a power cut for certain.
/// Size changes become stable in the order in which they were made. All functions take effect at once; when
/// they are called (at the start, in flight, at the end of an operation) is the disk's business. Pages are
/// shared between layers until one of them changes, so a flushed file takes its length in memory once.
class sim_file_image {
  public:
    std::uint64_t size() const { return size_; }
    std::uint64_t stable_size() const { return stable_size_; }

    /// Fills `into` from the cache over the device; the answer is less than asked only at the end of the
    /// file.
    std::size_t read_through_cache(std::uint64_t position, mutable_bytes into);
    /// The same from the device; dirty pages of the range go to the device first.
    std::size_t read_device(std::uint64_t position, mutable_bytes into);
    /// As read_through_cache, without bringing pages into the cache.
    std::size_t peek(std::uint64_t position, mutable_bytes into) const;
    /// Only what survives for certain.
    std::size_t read_stable(std::uint64_t position, mutable_bytes into) const;

    /// Makes the pages of the range dirty in the cache.
    void write_through_cache(std::uint64_t position, bytes_view from);
    /// Writes the range into the device's write cache and drops its pages from the page cache.
    void write_device(std::uint64_t position, bytes_view from);
    /// What was written to the range before becomes stable, and the size when the range needs it; nothing
    /// else does.
    void make_range_stable(std::uint64_t position, std::uint64_t length);
    /// The page cache takes the bytes as clean pages although the device never gets them: a write-back that
    /// was lost.
    void write_cache_only(std::uint64_t position, bytes_view from);
    /// The file is at least this long: a write reached so far, or space was reserved.
    void grow(std::uint64_t size);
    /// As grow, by reserving space: the last block of before is written again.
    void extend(std::uint64_t size);
    /// As file systems do it, the last block is zeroed behind the new end and so written again, as a whole: until the next
    /// flush a crash may damage any of its sectors.
    void truncate(std::uint64_t size);

    /// What one flush covers: everything written when it began.
    struct flush_snapshot;
    using flush_id = std::uint64_t;
    /// Sends dirty pages to the device and notes what is to become stable.
    flush_id begin_flush();
    void finish_flush(flush_id which);
    /// The number of the last write: what a failing flush must be told, as of its beginning.
    std::uint64_t last_write() const { return last_write_; }
    /// A flush that failed, exactly as Linux does it: dirty pages up to `last_write` become clean and keep
    /// their new bytes, though the device does not have them. Sectors in the device's write cache are lost or
    /// stable, by `random`.
    void fail_flush(std::uint64_t last_write, sim_random& random);

    /// Forgets clean pages: buffered reads see the device again.
    void drop_clean_pages();
    /// The power fails and comes back. Flushes that had begun are forgotten.
    void crash(sim_random& random, sim_crash_style style, sim_crash_counters& counters);

    /// Damages what is stored, behind everybody's back: in the stable and device layers, not in the page
    /// cache.
    void overwrite_media(std::uint64_t position, bytes_view bytes);

    /// How many bytes of the range a disk with `free_bytes` left can take: a prefix of it.
    std::uint64_t affordable_bytes(std::uint64_t position, std::uint64_t length,
                                   std::uint64_t free_bytes) const;
    std::uint64_t allocated_bytes() const { return allocated_pages_ * block_bytes; }
    void allocate(std::uint64_t position, std::uint64_t length);

  private:
    using page = std::array<std::byte, block_bytes>;
    using page_reference = std::shared_ptr<page>;  // null: zeros
    using layer = std::map<std::uint64_t, page_reference>;
    /// Numbers of the last write to each sector, and of the last that is stable. Kept for pages with a
    /// volatile sector, and for others only while a flush is under way (which must not put older bytes over
    /// newer stable ones).
    struct sector_numbers {
        std::array<std::uint64_t, sim_sectors_per_page> written{};
        std::array<std::uint64_t, sim_sectors_per_page> made_stable{};
        bool is_volatile(std::size_t sector) const { return written[sector] > made_stable[sector]; }
        bool has_volatile() const;
    };
    struct cached_page {
        page_reference bytes;
        std::uint64_t dirty = 0;  // number of the last write that the device does not have; 0: clean
    };
    struct size_change {
        std::uint64_t number;
        std::uint64_t size;
    };

    static constexpr std::uint64_t pages_for(std::uint64_t bytes) {
        return round_up_to_block(bytes) / block_bytes;
    }
    static page_reference lookup(const layer& in, std::uint64_t page_index);
    static void copy_out(const layer& from, std::uint64_t position, mutable_bytes into);
    static void copy_in(layer& to, std::uint64_t position, bytes_view from);
    static void copy_sector(layer& to, std::uint64_t page_index, std::size_t sector, const page* from);
    static void cut(layer& which, std::uint64_t size);
    std::size_t readable(std::uint64_t position, std::size_t length, std::uint64_t size) const;
    cached_page& cached(std::uint64_t page_index);
    void write_cached(std::uint64_t position, bytes_view from, std::uint64_t dirty);
    void write_back(std::uint64_t page_index);
    void write_back_range(std::uint64_t position, std::uint64_t length);
    void make_page_stable(std::uint64_t page_index, sector_numbers& numbers, std::size_t first,
                          std::size_t end);
    void forget_settled_sectors();
    void change_size(std::uint64_t size);
    void rewrite_last_block();
    void make_sizes_stable(std::uint64_t last_number);
    void set_stable_size(const size_change& change);
    void crash_sizes(sim_random& random, sim_crash_style style, sim_crash_counters& counters);
    void crash_sectors(sim_random& random, sim_crash_style style, sim_crash_counters& counters);
    void crash_pages(sim_random& random, sim_crash_style style, sim_crash_counters& counters);
    void release_pages_from(std::uint64_t first_page);

    std::map<std::uint64_t, cached_page> cache_;
    std::set<std::uint64_t> dirty_pages_;
    layer device_;
    layer stable_;
    std::map<std::uint64_t, sector_numbers> sectors_;
    std::uint64_t last_write_ = 0;
    std::map<flush_id, std::shared_ptr<flush_snapshot>> flushes_;
    flush_id last_flush_ = 0;

    std::uint64_t size_ = 0;
    std::uint64_t stable_size_ = 0;
    std::deque<size_change> unstable_sizes_;
    std::uint64_t last_size_change_ = 0;

    // Ranges of pages with space on the disk: first → one past the last. They neither touch nor overlap.
    std::map<std::uint64_t, std::uint64_t> allocated_;
    std::uint64_t allocated_pages_ = 0;
};

}  // namespace logstore::env
