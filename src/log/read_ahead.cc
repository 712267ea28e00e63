#include "log/read_ahead.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace logstore {
namespace {

std::uint64_t first_block(const read_ahead::range& what) { return round_down_to_block(what.from.position); }
std::size_t memory_for(const read_ahead::range& what) { return round_up_to_block(what.end - first_block(what)); }

}  // namespace

env::task<result<read_ahead::piece>> read_ahead::read(range what) {
    CHECK(what.end > what.from.position);
    const auto at = std::ranges::find(expected_, what.from, &expected::at);
    const bool is_sequential = at != expected_.end();
    std::shared_ptr<under_way> ahead;
    if (is_sequential) {
        ahead = std::move(at->ahead);
        memory_bytes_ -= at->memory_bytes;
        expected_.erase(at);
    }
    if (ahead != nullptr) {
        auto came = co_await *ahead;
        if (came) {
            ++pieces_taken_;
            piece taken = std::move(*came);
            taken.is_sequential = true;
            const std::size_t wanted = what.end - what.from.position;
            if (taken.content.bytes.size() > wanted) taken.content.bytes = taken.content.bytes.first(wanted);
            co_return taken;
        }
    }
    auto got = co_await load(std::move(what));
    if (got) got->is_sequential = is_sequential;
    co_return got;
}

void read_ahead::expect(range next, bool now) {
    CHECK(next.end > next.from.position);
    if (std::ranges::find(expected_, next.from, &expected::at) != expected_.end()) return;
    const std::size_t memory_bytes = memory_for(next);
    now = now && !reading_.is_closed() && memory_bytes + abandoned_bytes_ <= bytes_max_;
    while (expected_.size() >= expected_max ||
           (now && memory_bytes_ + abandoned_bytes_ + memory_bytes > bytes_max_ && memory_bytes_ > 0)) {
        drop(expected_.begin());
    }
    now = now && memory_bytes_ + abandoned_bytes_ + memory_bytes <= bytes_max_;
    expected& added = expected_.emplace_back(next.from, nullptr, 0);
    if (!now) return;
    added.ahead = std::make_shared<under_way>();
    added.memory_bytes = memory_bytes;
    memory_bytes_ += memory_bytes;
    env::spawn(reading_, load_ahead(added.ahead, std::move(next)));
}

void read_ahead::forget(tablet_id tablet) {
    for (auto at = expected_.begin(); at != expected_.end();) {
        const auto which = at++;
        if (which->at.tablet == tablet) drop(which);
    }
}

void read_ahead::drop(std::list<expected>::iterator which) {
    memory_bytes_ -= which->memory_bytes;
    if (which->ahead != nullptr) {
        ++pieces_dropped_;
        if (!which->ahead->is_set()) abandoned_bytes_ += which->memory_bytes;
    }
    expected_.erase(which);
}

env::task<> read_ahead::load_ahead(std::shared_ptr<under_way> into, range what) {
    const std::size_t memory_bytes = memory_for(what);
    auto got = co_await load(std::move(what));
    // Held by this coroutine alone: it was dropped. A reader that took it accounts for its memory.
    if (into.use_count() == 1) abandoned_bytes_ -= memory_bytes;
    into->set(std::move(got));
}

env::task<result<read_ahead::piece>> read_ahead::load(range what) {
    auto opened = co_await files_.open_to_read_directly(what.path);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    const std::uint64_t start = first_block(what);
    const std::size_t memory_bytes = memory_for(what);
    // Not cleared first: only what was read is looked at.
    std::shared_ptr<std::byte> memory(static_cast<std::byte*>(std::aligned_alloc(block_bytes, memory_bytes)),
                                      [](std::byte* p) { std::free(p); });
    CHECK(memory != nullptr, "out of memory for {} bytes", memory_bytes);
    auto got = co_await file->read(start, mutable_bytes(memory.get(), memory_bytes));
    if (!got) co_return std::unexpected(got.error());
    const std::size_t skipped = what.from.position - start;
    const std::size_t wanted = what.end - what.from.position;
    const std::size_t size = *got > skipped ? std::min(*got - skipped, wanted) : 0;
    const bytes_view bytes(memory.get() + skipped, size);
    piece loaded;
    loaded.content = env::shared_bytes(std::move(memory), bytes);
    loaded.memory_bytes = memory_bytes;
    co_return loaded;
}

env::task<> read_ahead::close() {
    while (!expected_.empty()) drop(expected_.begin());
    co_await reading_.close();
}

}  // namespace logstore
