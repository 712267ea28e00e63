#include "log/journal.h"

#include <algorithm>

#include "base/logging.h"
#include "base/planted_fault.h"

namespace logstore {
namespace {
constexpr std::size_t spare_groups_max = 4;
constexpr std::size_t zeroing_bytes = std::size_t(1) << 20;
}  // namespace

journal::journal(env::environment world, journal_options options, journal_listener& listener)
    : world_(world), options_(std::move(options)), listener_(listener) {
    CHECK(options_.files >= 3, "a journal needs a file to write, one to free and one in reserve");
    CHECK(is_block_aligned(options_.file_bytes));
    // A group wastes the end of a file when it does not fit: it must be small beside a file.
    options_.group_bytes_max = std::min<std::size_t>(options_.group_bytes_max, options_.file_bytes / 4);
    collecting_ = take_group(0);
}

journal::~journal() { CHECK(!writing_, "the journal is closed before it goes"); }

std::string journal::file_path(const std::string& folder, shard_id shard, std::uint32_t index) {
    return fmt::format("{}/{}-{}.journal", folder, shard, index);
}

std::size_t journal::entry_bytes_max() const {
    return options_.file_bytes / 2 - journal_group_header_bytes - journal_entry_header_bytes - block_bytes;
}


env::task<result<>> journal::make_file(std::uint32_t index) {
    const std::string path = file_path(options_.folder, options_.shard, index);
    auto opened = co_await world_.files.open(path, env::open_options::read_write().creating().directly());
    if (!opened) co_return std::unexpected(opened.error());
    std::unique_ptr<env::file> file = std::move(*opened);
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(size.error());
    if (*size != options_.file_bytes) {
        // Written zeros, not only reserved space: the first use of an unwritten extent costs a metadata commit.
        auto cut = co_await file->truncate(0);
        if (!cut) co_return cut;
        auto reserved = co_await file->reserve(0, options_.file_bytes);
        if (!reserved) co_return reserved;
        const aligned_buffer zeros(std::min<std::size_t>(zeroing_bytes, options_.file_bytes));
        for (std::uint64_t at = 0; at < options_.file_bytes; at += zeros.size()) {
            const std::size_t piece = std::min<std::uint64_t>(zeros.size(), options_.file_bytes - at);
            auto written = co_await file->write(at, zeros.span().first(piece));
            if (!written) co_return written;
        }
        auto flushed = co_await file->flush();
        if (!flushed) co_return flushed;
    }
    files_[index].handle = std::move(file);
    co_return result<>{};
}

env::task<result<>> journal::open(journal_sequence first, std::uint64_t salt) {
    files_.resize(options_.files);
    for (std::uint32_t index = 0; index < options_.files; ++index) {
        auto made = co_await make_file(index);
        if (!made) co_return made;
    }
    auto synced = co_await world_.files.sync_directory(options_.folder);
    if (!synced) co_return synced;
    next_sequence_ = first;
    durable_ = first - 1;
    active_ = 0;
    files_[0].in_use = true;
    salt_ = salt;
    co_return result<>{};
}

env::task<> journal::close() {
    closing_ = true;
    if (closing_timer_ != 0) world_.loop.cancel_timer(closing_timer_);
    while (!failed_ && (writing_ || !in_line_.empty() || !collecting_->is_empty() || !last_was_empty_)) {
        if (!writing_) write_next();
        co_await env::yield(world_.loop);
        if (writing_) co_await env::sleep(world_.loop, std::chrono::microseconds(100));
    }
    co_await writes_.close();
}

bool journal::has_room_beside(std::size_t data_bytes, std::uint64_t files_kept, std::size_t blocks_beside) const {
    // Where every group will go, as advance_file will place them: the end of a file is wasted when a group does not fit it.
    std::uint64_t at = position_;
    std::uint64_t files_left = 0;
    for (const journal_file& file : files_) files_left += file.in_use ? 0 : 1;
    const auto place = [&](std::uint64_t group_bytes) {
        if (at + group_bytes > options_.file_bytes) {
            if (files_left == 0) return false;
            --files_left;
            at = 0;
        }
        at += group_bytes;
        return true;
    };
    if (!place(in_flight_bytes_)) return false;
    for (const auto& group : in_line_)
        if (!place(group->size_on_disk())) return false;
    if (collecting_->fits(data_bytes)) {
        if (!place(collecting_->size_on_disk_with(data_bytes))) return false;
    } else {
        if (!collecting_->is_empty() && !place(collecting_->size_on_disk())) return false;
        if (!place(round_up_to_block(journal_group_header_bytes + journal_entry_header_bytes + data_bytes))) return false;
    }
    // The empty group that closes it.
    if (!place(block_bytes) || files_left < files_kept) return false;
    // Each block's entry alone in its group, at the worst, and an empty group behind it.
    constexpr std::uint64_t group_of_block = 3 * block_bytes;
    const std::uint64_t fit =
        (options_.file_bytes - at) / group_of_block + files_left * (options_.file_bytes / group_of_block);
    return fit >= blocks_beside;
}

std::unique_ptr<journal_group> journal::take_group(std::size_t data_bytes) {
    const std::size_t needed = journal_group_header_bytes + journal_entry_header_bytes + data_bytes;
    if (needed > options_.group_bytes_max) return std::make_unique<journal_group>(needed);
    if (spare_.empty()) return std::make_unique<journal_group>(options_.group_bytes_max);
    auto group = std::move(spare_.back());
    spare_.pop_back();
    return group;
}

void journal::recycle(std::unique_ptr<journal_group> group) {
    if (group->capacity() != round_up_to_block(options_.group_bytes_max) || spare_.size() >= spare_groups_max) return;
    group->clear();
    spare_.push_back(std::move(group));
}

void journal::seal_collecting() {
    in_line_.push_back(std::move(collecting_));
}

mutable_bytes journal::begin_entry(std::size_t data_bytes) {
    CHECK(!closing_ && data_bytes <= entry_bytes_max(), "an entry of {} bytes", data_bytes);
    if (!collecting_->fits(data_bytes)) {
        if (!collecting_->is_empty()) seal_collecting();
        collecting_ = take_group(data_bytes);
    }
    entry_bytes_begun_ = data_bytes;
    return collecting_->begin_entry(data_bytes);
}

journal_sequence journal::end_entry(const journal_entry_header& header) {
    collecting_->end_entry(header, entry_bytes_begun_);
    ++counters_.entries;
    schedule_write();
    return collecting_sequence();
}

journal_sequence journal::add(const journal_entry_header& header, bytes_view data) {
    const mutable_bytes room = begin_entry(data.size());
    std::ranges::copy(data, room.begin());
    return end_entry(header);
}

void journal::schedule_write() {
    // Posted, not started: what else arrived in this turn of the loop joins the group.
    if (writing_ || write_scheduled_ || failed_) return;
    write_scheduled_ = true;
    world_.loop.post([this] {
        write_scheduled_ = false;
        if (!writing_) write_next();
    });
}

void journal::write_next() {
    if (failed_) return;
    if (in_line_.empty()) {
        if (collecting_->is_empty() && last_was_empty_) return;
        seal_collecting();
        collecting_ = take_group(0);
    }
    auto group = std::move(in_line_.front());
    in_line_.pop_front();
    writing_ = true;
    if (closing_timer_ != 0) {
        world_.loop.cancel_timer(closing_timer_);
        closing_timer_ = 0;
    }
    env::spawn(writes_, write_group(std::move(group)));
}

void journal::advance_file(std::size_t group_bytes) {
    if (position_ + group_bytes <= options_.file_bytes) return;
    full_.push_back(active_);
    const auto free = std::ranges::find_if(files_, [](const journal_file& f) { return !f.in_use; });
    CHECK(free != files_.end(), "the journal is full: has_room was not asked");
    active_ = static_cast<std::uint32_t>(free - files_.begin());
    free->in_use = true;
    position_ = 0;
}

env::task<> journal::write_group(std::unique_ptr<journal_group> group) {
    advance_file(group->size_on_disk());
    journal_group_header header;
    header.salt = salt_;
    header.sequence = next_sequence_;
    header.checksum_before = checksum_before_;
    const bytes_view blocks = group->finish(header);
    in_flight_bytes_ = blocks.size();
    ++next_sequence_;
    if (is_planted(planted_fault::acknowledged_before_write)) {
        durable_ = header.sequence;
        wake_waiters();
        if (!group->is_empty()) listener_.on_group_durable(header.sequence);
    }
    const std::uint64_t position = position_;
    const std::uint32_t file = active_;
    const bool runs_ahead = is_planted(planted_fault::group_before_durable_predecessor);
    if (runs_ahead) {
        position_ += blocks.size();
        checksum_before_ = header.checksum;
        files_[file].last = header.sequence;
        writing_ = false;
    }
    const env::monotonic_time begun = world_.time().now();
    result<> written;
    if (is_planted(planted_fault::journal_without_flush)) written = co_await files_[file].handle->write(position, blocks);
    else written = co_await files_[file].handle->write_durably(position, blocks);
    if (is_planted(planted_fault::journal_write_failure_ignored)) written = {};
    writing_ = false;
    if (!written) {
        failed_ = true;
        wake_waiters();
        listener_.on_journal_failed(written.error());
        co_return;
    }
    in_flight_bytes_ = 0;
    durable_ = std::max(durable_, header.sequence);
    if (!runs_ahead) {
        position_ += blocks.size();
        files_[file].last = header.sequence;
        checksum_before_ = header.checksum;
    }
    last_was_empty_ = group->is_empty();
    count_group(*group, blocks.size(), world_.time().now() - begun);
    recycle(std::move(group));
    // The next group starts before the answers of this one are made: the disk does not wait for them.
    if (!in_line_.empty() || !collecting_->is_empty()) write_next();
    wake_waiters();
    if (!last_was_empty_) {
        listener_.on_group_durable(header.sequence);
        if (!writing_) arm_closing_timer();
    }
}

void journal::count_group(const journal_group& group, std::size_t bytes, env::duration took) {
    ++counters_.groups;
    counters_.bytes_written += bytes;
    if (group.is_empty()) return;
    counters_.flush_times.observe(static_cast<std::uint64_t>(took.count()));
    counters_.group_bytes.observe(bytes);
    if (group.append_count() > 0) counters_.group_appends.observe(group.append_count());
}

env::task<bool> journal::until_durable(journal_sequence sequence) {
    struct awaiter {
        journal& self;
        journal_sequence sequence;
        bool await_ready() const noexcept { return self.failed_ || self.durable_ >= sequence; }
        void await_suspend(std::coroutine_handle<> waiting) { self.waiters_.push_back({sequence, waiting}); }
        void await_resume() const noexcept {}
    };
    co_await awaiter{*this, sequence};
    co_return durable_ >= sequence;
}

void journal::wake_waiters() {
    // Posted: a waiter may add entries or start writes of its own.
    std::erase_if(waiters_, [this](const durable_waiter& waiter) {
        if (!failed_ && waiter.sequence > durable_) return false;
        world_.loop.post([waiting = waiter.waiting] { waiting.resume(); });
        return true;
    });
}

void journal::arm_closing_timer() {
    if (closing_timer_ != 0 || closing_) return;
    closing_timer_ = world_.loop.start_timer(world_.time().now() + options_.closing_delay, [this] {
        closing_timer_ = 0;
        if (!writing_ && !last_was_empty_) write_next();
    });
}

void journal::release_below(journal_sequence needed) {
    std::erase_if(full_, [&](std::uint32_t index) {
        if (files_[index].last >= needed && !is_planted(planted_fault::journal_reused_too_early)) return false;
        files_[index].in_use = false;
        ++counters_.files_released;
        return true;
    });
}

journal_sequence journal::oldest_full_file_end() const { return full_.empty() ? durable_ : files_[full_.front()].last; }

std::uint64_t journal::used_bytes() const { return full_.size() * options_.file_bytes + position_; }

}  // namespace logstore
