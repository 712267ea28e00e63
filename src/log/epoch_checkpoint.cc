#include "log/epoch_checkpoint.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/logging.h"
#include "log/log_errc.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr int format_version = 0;  // Kafka's
/// "0 0" and its line end.
constexpr std::size_t line_bytes_min = 4;
/// Ten digits, a blank, nineteen digits, the line end.
constexpr std::size_t line_bytes_max = 31;
constexpr std::uint64_t file_bytes_max = 32 + std::uint64_t(epoch_history::entries_max) * line_bytes_max;

/// A number and the one character behind it, taken from the front of `rest`.
template <class Number>
std::optional<Number> take_number(std::string_view& rest, char ending) {
    Number number{};
    const char* last = rest.data() + rest.size();
    const auto [end, code] = std::from_chars(rest.data(), last, number);
    if (code != std::errc{} || end == last || *end != ending || number < 0) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    return number;
}

}  // namespace

byte_vector encode_epoch_checkpoint(const epoch_history& history) {
    std::string text = fmt::format("{}\n{}\n", format_version, history.starts().size());
    for (const epoch_start& entry : history.starts())
        fmt::format_to(std::back_inserter(text), "{} {}\n", entry.epoch.value(), entry.start.value());
    const bytes_view bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

result<epoch_history> decode_epoch_checkpoint(bytes_view from) {
    std::string_view rest = text_of(from);
    const auto version = take_number<std::int32_t>(rest, '\n');
    if (!version) return fail(log_errc::corrupt);
    if (*version > format_version) return fail(log_errc::newer_format);
    const auto count = take_number<std::int32_t>(rest, '\n');
    if (!count) return fail(log_errc::corrupt);
    if (static_cast<std::size_t>(*count) > rest.size() / line_bytes_min) return fail(log_errc::truncated);
    epoch_history history;
    for (std::int32_t line = 0; line < *count; ++line) {
        const auto epoch = take_number<std::int32_t>(rest, ' ');
        if (!epoch) return fail(log_errc::corrupt);
        const auto start = take_number<std::int64_t>(rest, '\n');
        if (!start || !history.append({leader_epoch(*epoch), offset(*start)})) return fail(log_errc::corrupt);
    }
    if (!rest.empty()) return fail(log_errc::corrupt);
    return history;
}

env::task<result<epoch_history>> read_epoch_checkpoint(env::file_system* files, std::string directory) {
    auto content = co_await read_whole_file(files, directory + "/" + epoch_checkpoint_name, file_bytes_max);
    if (!content) co_return std::unexpected(content.error());
    auto history = decode_epoch_checkpoint(*content);
    if (!history)
        co_return fail(history.error().code, directory + "/" + epoch_checkpoint_name + " does not hold");
    co_return history;
}

env::task<result<>> write_epoch_checkpoint(env::file_system* files, std::string directory,
                                           epoch_history history) {
    byte_vector content = encode_epoch_checkpoint(history);
    co_return co_await replace_file(files, std::move(directory), epoch_checkpoint_name, std::move(content));
}

env::task<result<>> remove_epoch_checkpoint(env::file_system* files, std::string directory) {
    auto removed = co_await files->remove_file(directory + "/" + epoch_checkpoint_name);
    if (!removed && removed.error().code == std::errc::no_such_file_or_directory) co_return result<>{};
    if (!removed) co_return removed;
    co_return co_await files->sync_directory(directory);
}

env::task<result<>> complete_epoch_checkpoint(env::file_system* files, std::string directory,
                                              epoch_history from_journal, offset log_start,
                                              next_offset log_end) {
    auto stored = co_await read_epoch_checkpoint(files, directory);
    if (!stored && stored.error().code == std::errc::no_such_file_or_directory) co_return result<>{};
    if (!stored)
        log_warning("recovery", "{}: {}; it is made again", directory, stored.error().message());
    epoch_history whole = stored ? *stored : epoch_history();
    bool has_changed = whole.cut_end(log_end);
    for (const epoch_start& entry : from_journal.starts())
        if (is_below(entry.start, log_end)) has_changed |= whole.note(entry.epoch, entry.start);
    // One that lacks older epochs would look whole once the log start has passed them.
    if (!whole.covers(log_start, log_end))
        co_return co_await remove_epoch_checkpoint(files, std::move(directory));
    if (!has_changed) co_return result<>{};
    whole.trim_start(log_start);
    auto written = co_await write_epoch_checkpoint(files, directory, std::move(whole));
    if (written) co_return written;
    log_warning("recovery", "{}: {} is not written ({}); it is made again when it is needed", directory,
                epoch_checkpoint_name, written.error().message());
    co_return co_await remove_epoch_checkpoint(files, std::move(directory));
}

}  // namespace logstore
