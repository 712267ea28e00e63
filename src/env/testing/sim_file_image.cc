#include "env/testing/sim_file_image.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace logstore::env {

namespace {

/// Calls visit(page index, offset in the page, offset in the range, length) for each page that the range
/// touches.
template <class Visit>
void for_each_page(std::uint64_t position, std::uint64_t length, Visit visit) {
    for (std::uint64_t done = 0; done < length;) {
        const std::uint64_t in_page = (position + done) % block_bytes;
        const std::uint64_t part = std::min<std::uint64_t>(block_bytes - in_page, length - done);
        visit((position + done) / block_bytes, in_page, done, part);
        done += part;
    }
}

bool all_zero(const std::array<std::byte, block_bytes>& bytes) {
    return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, block_bytes - 1) == 0;
}

/// The page alone, ready to be changed: nobody else's bytes move with it.
template <class Reference>
auto& own(Reference& reference) {
    if (!reference) {
        reference = std::make_shared<typename Reference::element_type>();
    } else if (reference.use_count() > 1) {
        reference = std::make_shared<typename Reference::element_type>(*reference);
    }
    return *reference;
}

}  // namespace

/// The pages a flush found not yet stable, as they were when it began.
struct sim_file_image::flush_snapshot {
    struct covered_page {
        page_reference bytes;
        std::array<std::uint64_t, sim_sectors_per_page> written{};  // 0: not covered
    };
    std::map<std::uint64_t, covered_page> pages;
    std::uint64_t last_size_change = 0;

    void cut(std::uint64_t size) {
        pages.erase(pages.lower_bound(pages_for(size)), pages.end());
        const auto last = pages.find(size / block_bytes);
        if (last == pages.end() || !last->second.bytes) return;
        std::ranges::fill(std::span(own(last->second.bytes)).subspan(size % block_bytes), std::byte{0});
    }
};

bool sim_file_image::sector_numbers::has_volatile() const {
    for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
        if (is_volatile(sector)) return true;
    }
    return false;
}

// ---- layers

sim_file_image::page_reference sim_file_image::lookup(const layer& in, std::uint64_t page_index) {
    const auto found = in.find(page_index);
    return found == in.end() ? nullptr : found->second;
}

void sim_file_image::copy_out(const layer& from, std::uint64_t position, mutable_bytes into) {
    for_each_page(position, into.size(), [&](auto index, auto in_page, auto done, auto part) {
        const auto found = from.find(index);
        if (found == from.end()) {
            std::memset(into.data() + done, 0, part);
        } else {
            std::memcpy(into.data() + done, found->second->data() + in_page, part);
        }
    });
}

void sim_file_image::copy_in(layer& to, std::uint64_t position, bytes_view from) {
    for_each_page(position, from.size(), [&](auto index, auto in_page, auto done, auto part) {
        auto& target = to[index];
        if (part == block_bytes) target = nullptr;  // nothing of the old page is needed
        std::memcpy(own(target).data() + in_page, from.data() + done, part);
        if (part == block_bytes && all_zero(*target)) to.erase(index);
    });
}

void sim_file_image::copy_sector(layer& to, std::uint64_t page_index, std::size_t sector, const page* from) {
    static constexpr page zeros{};
    const page& source = from != nullptr ? *from : zeros;
    copy_in(to, page_index * block_bytes + sector * sim_sector_bytes,
            bytes_view(source).subspan(sector * sim_sector_bytes, sim_sector_bytes));
}

void sim_file_image::cut(layer& which, std::uint64_t size) {
    which.erase(which.lower_bound(pages_for(size)), which.end());
    const auto last = which.find(size / block_bytes);
    if (last == which.end()) return;
    std::ranges::fill(std::span(own(last->second)).subspan(size % block_bytes), std::byte{0});
}

std::size_t sim_file_image::readable(std::uint64_t position, std::size_t length, std::uint64_t size) const {
    return position >= size ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(length, size - position));
}

// ---- reading

std::size_t sim_file_image::read_through_cache(std::uint64_t position, mutable_bytes into) {
    into = into.first(readable(position, into.size(), size_));
    for_each_page(position, into.size(), [&](auto index, auto in_page, auto done, auto part) {
        const auto& found = cached(index);
        if (found.bytes) {
            std::memcpy(into.data() + done, found.bytes->data() + in_page, part);
        } else {
            std::memset(into.data() + done, 0, part);
        }
    });
    return into.size();
}

std::size_t sim_file_image::peek(std::uint64_t position, mutable_bytes into) const {
    into = into.first(readable(position, into.size(), size_));
    copy_out(device_, position, into);
    for_each_page(position, into.size(), [&](auto index, auto in_page, auto done, auto part) {
        const auto found = cache_.find(index);
        if (found == cache_.end() || !found->second.bytes) return;
        std::memcpy(into.data() + done, found->second.bytes->data() + in_page, part);
    });
    return into.size();
}

std::size_t sim_file_image::read_device(std::uint64_t position, mutable_bytes into) {
    write_back_range(position, into.size());
    into = into.first(readable(position, into.size(), size_));
    copy_out(device_, position, into);
    return into.size();
}

std::size_t sim_file_image::read_stable(std::uint64_t position, mutable_bytes into) const {
    into = into.first(readable(position, into.size(), stable_size_));
    copy_out(stable_, position, into);
    return into.size();
}

// ---- writing

sim_file_image::cached_page& sim_file_image::cached(std::uint64_t page_index) {
    const auto [found, fresh] = cache_.try_emplace(page_index);
    if (fresh) found->second.bytes = lookup(device_, page_index);
    return found->second;
}

void sim_file_image::write_cached(std::uint64_t position, bytes_view from, std::uint64_t dirty) {
    for_each_page(position, from.size(), [&](auto index, auto in_page, auto done, auto part) {
        auto& target = cached(index);
        std::memcpy(own(target.bytes).data() + in_page, from.data() + done, part);
        if (dirty == 0) return;
        target.dirty = dirty;
        dirty_pages_.insert(index);
    });
    if (!from.empty()) grow(position + from.size());
}

void sim_file_image::write_through_cache(std::uint64_t position, bytes_view from) {
    write_cached(position, from, ++last_write_);
}

void sim_file_image::write_cache_only(std::uint64_t position, bytes_view from) {
    write_cached(position, from, 0);
}

void sim_file_image::write_device(std::uint64_t position, bytes_view from) {
    write_back_range(position, from.size());
    const std::uint64_t number = ++last_write_;
    for_each_page(position, from.size(), [&](auto index, auto in_page, auto, auto part) {
        cache_.erase(index);
        auto& numbers = sectors_[index];
        const auto end = (in_page + part + sim_sector_bytes - 1) / sim_sector_bytes;
        for (auto sector = in_page / sim_sector_bytes; sector < end; ++sector)
            numbers.written[sector] = number;
    });
    copy_in(device_, position, from);
    if (!from.empty()) grow(position + from.size());
}

/// A dirty page goes to the device, where the sectors that it changes are volatile. Those it does not change
/// are not at risk.
void sim_file_image::write_back(std::uint64_t page_index) {
    auto& dirty = cache_.at(page_index);
    CHECK(dirty.dirty != 0 && dirty.bytes != nullptr);
    const page_reference before = lookup(device_, page_index);
    static constexpr page zeros{};
    const page& old_bytes = before ? *before : zeros;
    auto& numbers = sectors_[page_index];
    for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
        const auto offset = sector * sim_sector_bytes;
        if (std::memcmp(dirty.bytes->data() + offset, old_bytes.data() + offset, sim_sector_bytes) == 0)
            continue;
        numbers.written[sector] = dirty.dirty;
    }
    device_[page_index] = dirty.bytes;
    dirty.dirty = 0;
    dirty_pages_.erase(page_index);
}

void sim_file_image::write_back_range(std::uint64_t position, std::uint64_t length) {
    if (length == 0) return;
    const std::uint64_t end = pages_for(position + length);
    for (auto next = dirty_pages_.lower_bound(position / block_bytes);
         next != dirty_pages_.end() && *next < end;) {
        write_back(*next++);
    }
}

// ---- becoming stable

void sim_file_image::make_page_stable(std::uint64_t page_index, sector_numbers& numbers, std::size_t first,
                                      std::size_t end) {
    const page_reference bytes = lookup(device_, page_index);
    bool whole = true;
    for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
        const bool settles = sector >= first && sector < end && numbers.is_volatile(sector);
        whole = whole && settles;
    }
    for (auto sector = first; sector < end; ++sector) {
        if (!numbers.is_volatile(sector)) continue;
        numbers.made_stable[sector] = numbers.written[sector];
        if (!whole) copy_sector(stable_, page_index, sector, bytes.get());
    }
    if (!whole) return;
    if (bytes) {
        stable_[page_index] = bytes;
    } else {
        stable_.erase(page_index);
    }
}

void sim_file_image::make_range_stable(std::uint64_t position, std::uint64_t length) {
    write_back_range(position, length);
    bool size_matters = position + length > stable_size_;
    std::uint64_t size_before = stable_size_;
    for (const auto& change : unstable_sizes_) {
        size_matters = size_matters || change.size < size_before;  // after a cut the bytes lie in new blocks
        size_before = change.size;
    }
    if (size_matters) make_sizes_stable(last_size_change_);
    for_each_page(position, length, [&](auto index, auto in_page, auto, auto part) {
        const auto found = sectors_.find(index);
        if (found == sectors_.end()) return;
        const auto end = (in_page + part + sim_sector_bytes - 1) / sim_sector_bytes;
        make_page_stable(index, found->second, in_page / sim_sector_bytes, end);
        if (flushes_.empty() && !found->second.has_volatile()) sectors_.erase(found);
    });
}

sim_file_image::flush_id sim_file_image::begin_flush() {
    while (!dirty_pages_.empty()) write_back(*dirty_pages_.begin());
    auto snapshot = std::make_shared<flush_snapshot>();
    snapshot->last_size_change = last_size_change_;
    for (const auto& [index, numbers] : sectors_) {
        if (!numbers.has_volatile()) continue;
        auto& covered = snapshot->pages[index];
        covered.bytes = lookup(device_, index);
        for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
            if (numbers.is_volatile(sector)) covered.written[sector] = numbers.written[sector];
        }
    }
    flushes_.emplace(++last_flush_, std::move(snapshot));
    return last_flush_;
}

void sim_file_image::finish_flush(flush_id which) {
    const auto found = flushes_.find(which);
    if (found == flushes_.end()) return;
    const auto snapshot = found->second;
    make_sizes_stable(snapshot->last_size_change);
    for (const auto& [index, covered] : snapshot->pages) {
        auto& numbers = sectors_[index];
        if (numbers.written == covered.written && lookup(device_, index) == covered.bytes) {
            make_page_stable(index, numbers, 0, sim_sectors_per_page);
            continue;
        }
        for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
            if (covered.written[sector] <= numbers.made_stable[sector]) continue;
            copy_sector(stable_, index, sector, covered.bytes.get());
            numbers.made_stable[sector] = covered.written[sector];
        }
    }
    flushes_.erase(found);
    forget_settled_sectors();
}

void sim_file_image::fail_flush(std::uint64_t last_write, sim_random& random) {
    for (auto next = dirty_pages_.begin(); next != dirty_pages_.end();) {
        auto& dirty = cache_.at(*next);
        if (dirty.dirty > last_write) {
            ++next;
            continue;
        }
        dirty.dirty = 0;
        next = dirty_pages_.erase(next);
    }
    for (auto& [index, numbers] : sectors_) {
        for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
            if (!numbers.is_volatile(sector) || numbers.written[sector] > last_write) continue;
            numbers.made_stable[sector] = numbers.written[sector];
            const bool survives = random.coin();
            const page_reference bytes = lookup(survives ? device_ : stable_, index);
            copy_sector(survives ? stable_ : device_, index, sector, bytes.get());
        }
    }
    forget_settled_sectors();
}

void sim_file_image::forget_settled_sectors() {
    if (!flushes_.empty()) return;
    std::erase_if(sectors_, [](const auto& one) { return !one.second.has_volatile(); });
}

void sim_file_image::drop_clean_pages() {
    std::erase_if(cache_, [](const auto& one) { return one.second.dirty == 0; });
}

// ---- sizes

void sim_file_image::change_size(std::uint64_t size) {
    size_ = size;
    unstable_sizes_.push_back({++last_size_change_, size});
}

void sim_file_image::grow(std::uint64_t size) {
    if (size > size_) change_size(size);
}

void sim_file_image::extend(std::uint64_t size) {
    if (size <= size_) return;
    rewrite_last_block();
    change_size(size);
}

void sim_file_image::rewrite_last_block() {
    if (is_block_aligned(size_)) return;
    const std::uint64_t last = size_ / block_bytes;
    if (dirty_pages_.contains(last)) write_back(last);
    if (!lookup(device_, last)) return;  // a hole stays one
    sectors_[last].written.fill(++last_write_);
}

void sim_file_image::truncate(std::uint64_t size) {
    if (size == size_) return;
    if (size > size_) return extend(size);
    const auto first_gone = pages_for(size);
    cut(device_, size);
    cache_.erase(cache_.lower_bound(first_gone), cache_.end());
    dirty_pages_.erase(dirty_pages_.lower_bound(first_gone), dirty_pages_.end());
    if (const auto last = cache_.find(size / block_bytes); last != cache_.end() && last->second.bytes) {
        std::ranges::fill(std::span(own(last->second.bytes)).subspan(size % block_bytes), std::byte{0});
    }
    sectors_.erase(sectors_.lower_bound(first_gone), sectors_.end());
    if (const auto last = sectors_.find(size / block_bytes); last != sectors_.end()) {
        auto sector = (size % block_bytes + sim_sector_bytes - 1) / sim_sector_bytes;
        for (; sector < sim_sectors_per_page; ++sector) {
            last->second.written[sector] = last->second.made_stable[sector];
        }
    }
    release_pages_from(first_gone);
    change_size(size);
    rewrite_last_block();
}

void sim_file_image::make_sizes_stable(std::uint64_t last_number) {
    while (!unstable_sizes_.empty() && unstable_sizes_.front().number <= last_number) {
        set_stable_size(unstable_sizes_.front());
        unstable_sizes_.pop_front();
    }
}

void sim_file_image::set_stable_size(const size_change& change) {
    if (change.size < stable_size_) {
        cut(stable_, change.size);
        for (auto& [id, snapshot] : flushes_) {
            if (snapshot->last_size_change < change.number) snapshot->cut(change.size);
        }
    }
    stable_size_ = change.size;
}

// ---- the power fails

void sim_file_image::crash(sim_random& random, sim_crash_style style, sim_crash_counters& counters) {
    flushes_.clear();
    crash_sizes(random, style, counters);
    crash_sectors(random, style, counters);
    crash_pages(random, style, counters);
    cut(stable_, stable_size_);
    device_ = stable_;
    cache_.clear();
    dirty_pages_.clear();
    sectors_.clear();
    unstable_sizes_.clear();
    size_ = stable_size_;
    release_pages_from(pages_for(size_));
    for (const auto& [index, bytes] : stable_) allocate(index * block_bytes, block_bytes);
}

void sim_file_image::crash_sizes(sim_random& random, sim_crash_style style, sim_crash_counters& counters) {
    std::uint64_t kept = unstable_sizes_.size();
    if (style == sim_crash_style::lose_unflushed) kept = 0;
    if (style == sim_crash_style::mixed) kept = random.between(0, unstable_sizes_.size());
    counters.size_changes_kept += kept;
    counters.size_changes_lost += unstable_sizes_.size() - kept;
    for (std::uint64_t i = 0; i < kept; ++i) set_stable_size(unstable_sizes_[i]);
}

void sim_file_image::crash_sectors(sim_random& random, sim_crash_style style, sim_crash_counters& counters) {
    enum { kept = 1, not_kept = 2 };
    std::map<std::uint64_t, int> fates;  // of each write
    const std::uint64_t keep_quarters = random.below(5);
    for (const auto& [index, numbers] : sectors_) {
        const page_reference fresh = lookup(device_, index);
        for (std::size_t sector = 0; sector < sim_sectors_per_page; ++sector) {
            const std::uint64_t position = index * block_bytes + sector * sim_sector_bytes;
            if (!numbers.is_volatile(sector) || position >= stable_size_) continue;
            const bool keep = style == sim_crash_style::keep_unflushed ||
                              (style == sim_crash_style::mixed && random.below(4) < keep_quarters);
            fates[numbers.written[sector]] |= keep ? kept : not_kept;
            const std::uint64_t how = style == sim_crash_style::mixed ? random.below(6) : 5;
            if (keep) {
                ++counters.sectors_kept;
                copy_sector(stable_, index, sector, fresh.get());
            } else if (how == 0) {
                ++counters.sectors_garbled;
                page garbage;
                random.fill(garbage);
                copy_sector(stable_, index, sector, &garbage);
            } else if (how == 1) {
                ++counters.sectors_zeroed;
                copy_sector(stable_, index, sector, nullptr);
            } else {
                ++counters.sectors_lost;
            }
        }
    }
    for (const auto& [number, fate] : fates) counters.writes_torn += fate == (kept | not_kept) ? 1 : 0;
}

void sim_file_image::crash_pages(sim_random& random, sim_crash_style style, sim_crash_counters& counters) {
    const std::uint64_t keep_quarters = random.below(5);
    for (const auto index : dirty_pages_) {
        if (index * block_bytes >= stable_size_) {
            ++counters.pages_lost;
            continue;
        }
        const bool keep = style == sim_crash_style::keep_unflushed ||
                          (style == sim_crash_style::mixed && random.below(4) < keep_quarters);
        if (keep) {
            ++counters.pages_kept;
            stable_[index] = cache_.at(index).bytes;
        } else {
            ++counters.pages_lost;
        }
    }
}

void sim_file_image::overwrite_media(std::uint64_t position, bytes_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint64_t at = position + i;
        const auto one = bytes.subspan(i, 1);
        if (at < stable_size_) copy_in(stable_, at, one);
        const auto numbers = sectors_.find(at / block_bytes);
        const bool is_volatile =
            numbers != sectors_.end() && numbers->second.is_volatile(at % block_bytes / sim_sector_bytes);
        if (at < size_ && !is_volatile) copy_in(device_, at, one);
    }
}

}  // namespace logstore::env
