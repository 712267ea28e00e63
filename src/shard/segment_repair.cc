#include "shard/segment_repair.h"

#include <algorithm>

#include "base/logging.h"
#include "log/log_errc.h"
#include "log/log_reader.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

constexpr std::size_t copy_bytes = std::size_t(1) << 20;
constexpr auto progress_interval = std::chrono::seconds(5);
constexpr std::size_t open_files_max = 16;
constexpr std::size_t index_bytes_max = std::size_t(1) << 20;

journal_options no_journal() { return {}; }

/// One pass over a store's segments.
class segment_pass final : private journal_listener {
  public:
    segment_pass(env::environment world, std::string logs_folder, const tablet_points* points, bool drops)
        : world_(world), folder_(std::move(logs_folder)), points_(*points), drops_(drops),
          unused_journal_(world, no_journal(), *this),
          context_(world, unused_journal_, folder_, open_files_max, index_bytes_max, 0), reader_(context_),
          said_at_(world.time().now()) {}

    env::task<result<segment_findings>> run();
    /// How long each tablet's last segment is now, where that changed.
    const std::unordered_map<tablet_id, std::uint64_t>& shortened() const { return shortened_; }

  private:
    env::task<result<>> check_tablet(std::string directory, recovery_point point);
    env::task<result<std::vector<segment_view>>> segments_of(std::string directory, recovery_point point);
    env::task<result<std::uint64_t>> write_without(segment_view view, std::vector<damaged_range> ranges);
    void say_progress();

    void on_group_durable(journal_sequence) override {}
    void on_journal_failed(error) override {}

    env::environment world_;
    std::string folder_;
    const tablet_points& points_;
    bool drops_;
    journal unused_journal_;
    log_context context_;
    log_reader reader_;
    segment_findings found_;
    std::unordered_map<tablet_id, std::uint64_t> shortened_;
    std::size_t tablets_checked_ = 0;
    env::monotonic_time said_at_;
};

void segment_pass::say_progress() {
    const env::monotonic_time now = world_.time().now();
    if (now - said_at_ < progress_interval) return;
    said_at_ = now;
    log_info("repair", "{} of {} tablets checked, {} MiB read", tablets_checked_, points_.size(), found_.bytes_read >> 20);
}

env::task<result<segment_findings>> segment_pass::run() {
    auto entries = co_await world_.files.list(folder_);
    if (!entries) co_return std::unexpected(entries.error());
    std::ranges::sort(*entries, {}, &env::directory_entry::name);
    for (const env::directory_entry& entry : *entries) {
        const auto named = parse_tablet_directory_name(entry.name);
        if (!named) continue;
        const std::string directory = folder_ + "/" + entry.name;
        auto topic = co_await read_partition_metadata(&world_.files, directory);
        if (!topic) continue;  // for the start to sort out
        const auto point = points_.find(tablet_id{*topic, named->partition});
        if (point == points_.end()) continue;
        auto checked = co_await check_tablet(directory, point->second);
        if (!checked) co_return std::unexpected(checked.error());
        ++tablets_checked_;
    }
    co_return found_;
}

env::task<result<std::vector<segment_view>>> segment_pass::segments_of(std::string directory, recovery_point point) {
    auto entries = co_await world_.files.list(directory);
    if (!entries) co_return std::unexpected(entries.error());
    std::vector<segment_view> views;
    for (const env::directory_entry& entry : *entries) {
        const auto base = parse_segment_name(entry.name);
        if (!base || *base > point.segment_base) continue;
        segment_view view;
        view.tablet = point.tablet;
        view.base = *base;
        view.path = segment_path(directory, *base, "log");
        auto opened = co_await context_.files.open_to_read(view.path);
        if (!opened) co_return std::unexpected(opened.error());
        const std::shared_ptr<env::file> file = *opened;
        auto size = co_await file->size();
        if (!size) co_return std::unexpected(size.error());
        // A file that was written anew before the point could follow is shorter than it says, and whole.
        view.limit = *base < point.segment_base ? *size : std::min(*size, point.segment_bytes);
        views.push_back(std::move(view));
    }
    std::ranges::sort(views, {}, &segment_view::base);
    for (std::size_t at = 0; at < views.size(); ++at)
        views[at].end = at + 1 < views.size() ? next_offset(views[at + 1].base.value()) : point.next;
    co_return views;
}

env::task<result<>> segment_pass::check_tablet(std::string directory, recovery_point point) {
    auto views = co_await segments_of(std::move(directory), point);
    if (!views) co_return std::unexpected(views.error());
    for (const segment_view& view : *views) {
        const bool is_last = view.base == point.segment_base;
        auto ranges = co_await reader_.verify(view);
        if (!ranges) co_return std::unexpected(ranges.error());
        found_.bytes_read += view.limit;
        say_progress();
        const bool may_be_replayed = !drops_ && is_last && !point.has_exact_length;
        if (may_be_replayed && !ranges->empty() && ranges->back().end == view.limit) ranges->pop_back();
        if (ranges->empty() && (!is_last || view.limit == point.segment_bytes || may_be_replayed)) continue;
        ++found_.damaged_segments;
        for (const damaged_range& range : *ranges) found_.damage.push_back(say(range, view.path));
        if (view.limit < point.segment_bytes && is_last)
            found_.damage.push_back(
                fmt::format("{} ends at byte {}, {} were written", view.path, view.limit, point.segment_bytes));
        if (!drops_) continue;
        std::uint64_t bytes = view.limit;
        if (!ranges->empty()) {
            auto written = co_await write_without(view, *ranges);
            if (!written) co_return std::unexpected(written.error());
            bytes = *written;
        }
        if (is_last) shortened_[point.tablet] = bytes;
    }
    co_return result<>{};
}

env::task<result<std::uint64_t>> segment_pass::write_without(segment_view view, std::vector<damaged_range> ranges) {
    const std::string directory = view.path.substr(0, view.path.rfind('/'));
    const std::string fresh = view.path + ".repaired";
    auto removed = co_await world_.files.remove_file(fresh);  // of a repair that did not end
    if (!removed && removed.error().code != std::errc::no_such_file_or_directory) co_return std::unexpected(removed.error());
    auto options = env::open_options::read_write();
    auto opened = co_await world_.files.open(fresh, options.creating());
    if (!opened) co_return std::unexpected(opened.error());
    const std::unique_ptr<env::file> file = std::move(*opened);
    std::uint64_t written = 0;
    byte_vector bytes;
    for (std::uint64_t position = 0; position < view.limit;) {
        const auto damaged = std::ranges::find_if(ranges, [&](const damaged_range& range) { return range.end > position; });
        const std::uint64_t whole_end = damaged == ranges.end() ? view.limit : damaged->begin;
        if (position >= whole_end) {
            position = damaged->end;
            continue;
        }
        bytes.resize(std::min<std::uint64_t>(copy_bytes, whole_end - position));
        auto got = co_await reader_.read_at(view, position, bytes);
        if (!got) co_return std::unexpected(got.error());
        auto copied = co_await file->write(written, bytes);
        if (!copied) co_return std::unexpected(copied.error());
        position += bytes.size();
        written += bytes.size();
    }
    auto flushed = co_await file->flush();
    if (!flushed) co_return std::unexpected(flushed.error());
    // The indexes are of the old file: made again when they are needed.
    for (const char* ending : {"seal", "index", "timeindex"}) {
        auto gone = co_await world_.files.remove_file(segment_path(directory, view.base, ending));
        if (!gone && gone.error().code != std::errc::no_such_file_or_directory) co_return std::unexpected(gone.error());
    }
    context_.files.forget(view.path);
    auto renamed = co_await world_.files.rename(fresh, view.path);
    if (!renamed) co_return std::unexpected(renamed.error());
    auto synced = co_await world_.files.sync_directory(directory);
    if (!synced) co_return std::unexpected(synced.error());
    co_return written;
}

}  // namespace

env::task<result<segment_findings>> find_segment_damage(env::environment world, std::string logs_folder,
                                                        const tablet_points* points) {
    segment_pass pass(world, std::move(logs_folder), points, false);
    co_return co_await pass.run();
}

env::task<result<segment_findings>> drop_segment_damage(env::environment world, std::string logs_folder, tablet_points* points) {
    segment_pass pass(world, std::move(logs_folder), points, true);
    auto found = co_await pass.run();
    for (const auto& [id, bytes] : pass.shortened()) {
        recovery_point& point = points->at(id);
        point.segment_bytes = bytes;
        point.has_exact_length = true;
    }
    co_return found;
}

}  // namespace logstore
