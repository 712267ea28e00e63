#include "tablet/key_view.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/logging.h"

namespace logstore {
namespace {

/// What one step takes from the log.
constexpr std::size_t piece_bytes = std::size_t(1) << 20;
/// How often a waiting call looks at the time.
constexpr env::duration tick_interval = std::chrono::milliseconds(250);
/// A view that failed is opened again after it.
constexpr env::duration retry_interval = std::chrono::seconds(5);

}  // namespace

class key_view::watcher final : public tablet_watcher {
  public:
    explicit watcher(key_view& owner) : owner_(owner) {}
    void on_tablet_changed() override {
        is_watching = false;
        owner_.wake_.tell();
    }
    bool is_watching = false;

  private:
    key_view& owner_;
};

key_view::key_view(env::environment world, const kv::view_resources& resources, tablet& of, key_view_options options)
    : world_(world), resources_(resources), tablet_(of), options_(std::move(options)),
      watcher_(std::make_shared<watcher>(*this)), partition_count_(options_.partition_count), wake_(world.loop),
      changed_(world.loop) {}

key_view::~key_view() {
    CHECK(db_ == nullptr, "the key view is closed by run()");
    if (tick_) world_.loop.cancel_timer(*tick_);
}

void key_view::stop() {
    is_stopping_ = true;
    wake_.tell();
    tell_waiters();
}

void key_view::set_partition_count(std::int32_t count) {
    partition_count_ = count;
    wake_.tell();
}

void key_view::take_state() {
    state_ = db_->state();
    applied_ = state_.applied;
    if (decisions_ == 0) overlay_.forget_below(applied_);
    tell_waiters();
}

void key_view::watch() {
    if (watcher_->is_watching) return;
    watcher_->is_watching = tablet_.watch(tablet_.high_watermark(), watcher_);
    if (!watcher_->is_watching) wake_.tell();
}

env::task<> key_view::run() {
    last_sweep_ = world_.time().now();
    while (!is_stopping_ && !tablet_.is_closed()) {
        const env::monotonic_time now = world_.time().now();
        if (retry_at_ && now < *retry_at_) {
            co_await wake_.wait(*retry_at_);
            continue;
        }
        retry_at_.reset();
        if (db_ == nullptr) {
            co_await open();
            continue;
        }
        if (std::exchange(is_damaged_, false)) co_await rebuild();
        else co_await keep_house();
        if (db_ == nullptr) continue;
        const bool has_moved = co_await follow();
        stop_noting_when_idle();
        if (has_moved || db_ == nullptr || has_house_work() || retry_at_) continue;
        watch();
        co_await wake_.wait(world_.time().now() + options_.sweep_interval);
    }
    is_stopping_ = true;
    tell_waiters();
    if (db_ != nullptr && !resources_.stops_like_a_crash()) {
        const database db = db_;
        const auto flushed = co_await env::run_blocking(world_.workers, world_.loop, [db] { return db->flush(); });
        if (!flushed) log_warning("kv", "{}; it is replayed from the log", flushed.error().message());
    }
    co_await close_database();
    has_ended_ = true;
}

env::task<> key_view::open() {
    const std::string directory = options_.directory;
    const tablet_id id = tablet_.id();
    const std::int32_t count = partition_count_;
    const offset log_start = tablet_.log_start();
    const next_offset log_end = tablet_.high_watermark();
    const kv::view_resources* resources = &resources_;
    struct opened_view {
        std::unique_ptr<kv::view_database> db;
        next_offset flushed{0};
    };
    auto opened = co_await env::run_blocking(world_.workers, world_.loop, [=]() -> result<opened_view> {
        auto made = kv::view_database::open(directory, *resources, id, count, log_start, log_end);
        if (!made) return std::unexpected(made.error());
        const auto flushed = (*made)->flushed();
        if (!flushed) return std::unexpected(flushed.error());
        return opened_view{std::move(*made), *flushed};
    });
    if (!opened) {
        accept(std::unexpected(opened.error()));
        co_return;
    }
    blocked_ = tablet_errc::ok;
    db_ = std::move(opened->db);
    flushed_ = opened->flushed;
    take_state();
}

env::task<> key_view::close_database() {
    database closing = std::exchange(db_, nullptr);
    forget_noted();
    tell_waiters();
    if (closing == nullptr) co_return;
    // Reads that are under way hold it.
    while (closing.use_count() > 1) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
    co_await env::run_blocking(world_.workers, world_.loop, [&closing] {
        closing.reset();
        return true;
    });
}

env::task<> key_view::rebuild() {
    co_await close_database();
    flushed_ = next_offset(0);
    const std::string directory = options_.directory;
    const kv::view_resources* resources = &resources_;
    const auto removed = co_await env::run_blocking(
        world_.workers, world_.loop, [=] { return kv::view_database::remove(directory, *resources); });
    accept(removed);
}

bool key_view::accept(const result<>& done) {
    if (done) {
        blocked_ = tablet_errc::ok;
        return true;
    }
    log_warning("kv", "{}: tried again in {} s", done.error().message(),
                std::chrono::duration_cast<std::chrono::seconds>(retry_interval).count());
    blocked_ = done.error().code == kv::errc::no_space ? tablet_errc::storage_unavailable : tablet_errc::storage_error;
    retry_at_ = world_.time().now() + retry_interval;
    tell_waiters();
    return false;
}

key_view::piece key_view::joined(tablet_read read) {
    if (read.pieces.size() == 1) return {read.pieces[0].bytes, std::move(read.pieces[0].owner)};
    auto whole = std::make_shared<byte_vector>();
    whole->reserve(read.bytes);
    for (const env::shared_bytes& one : read.pieces) whole->insert(whole->end(), one.bytes.begin(), one.bytes.end());
    const bytes_view bytes = *whole;
    return {bytes, std::move(whole)};
}

env::task<bool> key_view::follow() {
    if (applied_ >= tablet_.high_watermark()) co_return false;
    auto read = co_await tablet_.read(first_not_below(applied_), piece_bytes, true);
    if (read.code == tablet_errc::unknown_tablet) co_return false;
    if (read.code == tablet_errc::offset_out_of_range) {
        log_info("kv", "{}: the log starts at {}, behind the key view's end: it is built anew", options_.directory,
                 tablet_.log_start());
        co_await rebuild();
        co_return true;
    }
    if (read.code != tablet_errc::ok) {
        accept(fail(kv::errc::failed, options_.directory + ": the log cannot be read at the key view's end"));
        co_return true;
    }
    if (read.bytes == 0) co_return false;
    piece what = joined(std::move(read));
    const auto applied = co_await apply(std::move(what));
    if (applied) {
        blocked_ = tablet_errc::ok;
        take_state();
        co_return true;
    }
    co_await give_up(applied.error());
    co_return true;
}

env::task<> key_view::give_up(error why) {
    accept(std::unexpected(why));
    // What RocksDB does after a failed write is its own affair: what it then holds is found out by opening it anew.
    if (why.code == kv::errc::corrupt) co_await rebuild();
    else co_await close_database();
}

env::task<result<>> key_view::apply(piece what) {
    struct step {
        kv::change_list list;
        std::vector<kv::previous_record> previous;
        result<> done;
    };
    const offset from = first_not_below(applied_);
    const offset log_start = tablet_.log_start();
    const bool is_expected = !expected_.empty();
    const bool with_bytes =
        std::ranges::any_of(expected_, [](const auto& one) { return one.second.with_bytes; });
    const database db = db_;
    const std::size_t decompressed_max = options_.decompressed_bytes_max;
    const auto work = [=](kv::waiting may_wait) {
        step out;
        out.list = kv::change_list::read(what.bytes, what.owner, from, decompressed_max);
        if (is_expected) out.previous.resize(out.list.changes().size());
        kv::view_database::apply_options how;
        how.may_wait = may_wait;
        how.log_start = log_start;
        how.previous = out.previous;
        how.with_previous_bytes = with_bytes;
        out.done = db->apply(out.list.changes(), out.list.next(), how);
        return out;
    };
    std::optional<step> done;
    if (kv::change_list::is_quick(what.bytes)) done = work(kv::waiting::forbidden);
    if (!done || (!done->done && done->done.error().code == kv::errc::would_block))
        done = co_await env::run_blocking(world_.workers, world_.loop, [work] { return work(kv::waiting::allowed); });
    if (!done->done) co_return done->done;
    if (done->list.unreadable_batches() > 0) {
        unreadable_batches_ += done->list.unreadable_batches();
        log_warning("kv", "{}: {} batches at {} or behind cannot be decompressed or read; their keys are left out",
                    options_.directory, done->list.unreadable_batches(), from);
    }
    deliver(done->list, done->previous);
    co_return result<>{};
}

void key_view::deliver(const kv::change_list& list, std::span<kv::previous_record> previous) {
    const auto changes = list.changes();
    for (std::size_t i = 0; i < previous.size() && !expected_.empty(); ++i) {
        const auto wanted = expected_.find(changes[i].record.at);
        if (wanted == expected_.end()) continue;
        *wanted->second.into = std::move(previous[i]);
        expected_.erase(wanted);
    }
}

bool key_view::is_sweep_due() const {
    if (state_.swept >= tablet_.log_start()) return false;
    return wants_sweep_ || world_.time().now() - last_sweep_ >= options_.sweep_interval;
}

bool key_view::has_house_work() const {
    return wants_flush_ || partition_count_ != state_.partition_count || is_sweep_due();
}

env::task<> key_view::keep_house() {
    if (!has_house_work()) co_return;
    const database db = db_;
    result<> done;
    if (partition_count_ != state_.partition_count) {
        const std::int32_t count = partition_count_;
        done = co_await env::run_blocking(world_.workers, world_.loop, [=] { return db->set_partition_count(count); });
    }
    if (done && std::exchange(wants_flush_, false)) {
        auto flushed = co_await env::run_blocking(world_.workers, world_.loop, [db]() -> result<next_offset> {
            LOGSTORE_TRY(db->flush());
            return db->flushed();
        });
        ++flushes_;
        if (flushed) flushed_ = *flushed;
        else done = std::unexpected(flushed.error());
    }
    // A piece of the pass; the log goes on in between.
    if (done && is_sweep_due()) {
        const offset log_start = tablet_.log_start();
        auto swept = co_await env::run_blocking(world_.workers, world_.loop, [=] { return db->sweep(log_start); });
        if (!swept) done = std::unexpected(swept.error());
        else if (*swept) {
            wants_sweep_ = false;
            last_sweep_ = world_.time().now();
        }
    }
    if (!done) co_return co_await give_up(done.error());
    blocked_ = tablet_errc::ok;
    take_state();
}

void key_view::stop_noting_when_idle() {
    const bool is_over = world_.time().now() >= conditions_end_ || overlay_.bytes() > options_.overlay_bytes_max;
    if (noted_from_ && is_over && decisions_ == 0) forget_noted();
}

void key_view::forget_noted() {
    noted_from_.reset();
    overlay_.clear();
    ++generation_;
}

void key_view::arm_tick() {
    if (tick_) return;
    tick_ = world_.loop.start_timer(world_.time().now() + tick_interval, [this] {
        tick_.reset();
        tell_waiters();
    });
}

env::task<tablet_errc> key_view::wait_until_applied(next_offset up_to) {
    if (db_ != nullptr && applied_ >= up_to && !is_stopping_) co_return tablet_errc::ok;
    const env::monotonic_time until = world_.time().now() + options_.wait_max;
    while (true) {
        if (tablet_.is_closed()) co_return tablet_errc::unknown_tablet;
        if (is_stopping_) co_return tablet_errc::stopping;
        if (db_ != nullptr && applied_ >= up_to) co_return tablet_errc::ok;
        if (blocked_ != tablet_errc::ok) co_return blocked_;
        if (world_.time().now() >= until) co_return tablet_errc::view_building;
        arm_tick();
        co_await changed_.wait();
    }
}

key_view_status key_view::status() const {
    key_view_status out;
    out.code = is_stopping_ ? tablet_errc::stopping : blocked_;
    out.applied = applied_;
    out.high_watermark = tablet_.high_watermark();
    out.log_start = tablet_.log_start();
    out.key_count = state_.key_count;
    out.holds_murmur2 = state_.holds_murmur2;
    out.holds_crc32 = state_.holds_crc32;
    if (db_ != nullptr) out.disk_bytes = db_->disk_bytes();
    return out;
}

env::task<offset> key_view::log_start_limit() {
    const std::uint64_t wanted = flushes_ + 1;
    const env::monotonic_time until = world_.time().now() + options_.wait_max;
    if (db_ != nullptr && flushed_ && *flushed_ >= applied_) co_return first_not_below(*flushed_);
    while (!is_stopping_ && blocked_ == tablet_errc::ok && flushes_ < wanted && world_.time().now() < until) {
        wants_flush_ = true;
        wake_.tell();
        arm_tick();
        co_await changed_.wait();
    }
    if (blocked_ != tablet_errc::ok) co_return offset(std::numeric_limits<std::int64_t>::max());
    co_return flushed_ ? first_not_below(*flushed_) : tablet_.log_start();
}

}  // namespace logstore
