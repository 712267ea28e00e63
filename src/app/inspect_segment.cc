#include <array>

#include <fmt/format.h>

#include "app/inspect.h"
#include "base/json_writer.h"
#include "app/segment_walk.h"
#include "log/segment_files.h"

namespace logstore::app {
namespace {

std::string codec_name(int number) {
    constexpr std::array names{"none", "gzip", "snappy", "lz4", "zstd"};
    const auto index = static_cast<std::size_t>(number);
    return index < names.size() ? names[index] : std::to_string(number);
}

/// A damaged header's sum may not exist: it wraps around.
std::int64_t last_offset_of(const record_batch_header& header) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(header.base_offset.value()) +
                                     static_cast<std::uint64_t>(std::int64_t(header.last_offset_delta)));
}

std::string batch_text(const walked_batch& batch) {
    const record_batch_header& header = batch.header;
    std::string line =
        fmt::format("position {}  offsets {}-{}  records {}  codec {}  bytes {}  timestamps {}-{}  epoch {}",
                    batch.position, header.base_offset, last_offset_of(header), header.record_count,
                    codec_name(header.codec_number()), header.size_bytes(), header.base_timestamp,
                    header.max_timestamp, header.epoch);
    if (header.producer != no_producer_id) {
        line += fmt::format("  producer {}/{} sequence {}", header.producer, header.producer_epoch,
                            header.base_sequence);
    }
    if (header.is_transactional()) line += "  transactional";
    if (header.is_control()) line += "  control";
    return line + (batch.damage.empty() ? "  crc ok\n" : fmt::format("  DAMAGED: {}\n", batch.damage));
}

std::string batch_json(const walked_batch& batch) {
    const record_batch_header& header = batch.header;
    json_writer json;
    json.begin_object().field("position", batch.position).field("base_offset", header.base_offset.value());
    json.field("last_offset", last_offset_of(header)).field("records", header.record_count);
    json.field("codec", codec_name(header.codec_number())).field("bytes", header.size_bytes());
    json.field("base_timestamp", header.base_timestamp.value())
        .field("max_timestamp", header.max_timestamp.value());
    json.field("leader_epoch", header.epoch.value()).field("producer_id", header.producer.value());
    json.field("producer_epoch", header.producer_epoch).field("base_sequence", header.base_sequence);
    json.field("transactional", header.is_transactional()).field("control", header.is_control());
    json.field("crc_ok", batch.crc_holds);
    if (!batch.damage.empty()) json.field("damage", batch.damage);
    return json.end_object().finish();
}

struct segment_summary {
    std::uint64_t batches = 0;
    std::int64_t records = 0;
    std::uint64_t damaged = 0;

    void add(const walked_batch& batch) {
        ++batches;
        if (batch.damage.empty()) records += batch.header.record_count;
        if (!batch.damage.empty()) ++damaged;
    }
};

std::string summary_text(const segment_summary& sum, const walk_end& end) {
    std::string out = fmt::format("{} batches, {} records, {} bytes", sum.batches, sum.records, end.position);
    if (end.unfinished_bytes > 0 && end.damage.empty()) {
        out +=
            fmt::format("; then {} bytes of a batch whose rest is in the journal or was never acknowledged",
                        end.unfinished_bytes);
    }
    if (end.zero_bytes > 0) out += fmt::format("; then {} zero bytes of reserved room", end.zero_bytes);
    if (!end.damage.empty()) out += fmt::format("\nDAMAGED at position {}: {}", end.position, end.damage);
    if (sum.damaged > 0) out += fmt::format("\nDAMAGED: {} of {} batches", sum.damaged, sum.batches);
    return out + "\n";
}

std::string summary_json(const segment_summary& sum, const walk_end& end) {
    json_writer json;
    json.begin_object()
        .key("summary")
        .begin_object()
        .field("batches", sum.batches)
        .field("records", sum.records);
    json.field("bytes", end.position)
        .field("damaged_batches", sum.damaged)
        .field("unfinished_bytes", end.unfinished_bytes);
    json.field("zero_bytes", end.zero_bytes);
    if (!end.damage.empty()) json.field("damage", end.damage);
    return json.end_object().end_object().finish();
}

/// "…/00000000000000000000.log" → the base offset that its name gives.
std::optional<offset> offset_of_name(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return parse_segment_name(slash == std::string::npos ? path : path.substr(slash + 1));
}

std::string seal_path(const std::string& path) {
    return path.substr(0, path.rfind('.')) + ".seal";
}

}  // namespace

env::task<exit_code> inspect_segment(env::environment world, console* out, inspect_command asked) {
    auto file = co_await file_window::open(&world.files, asked.path);
    if (!file) co_return report_unreadable(*out, asked.path, file.error());
    const std::optional<offset> base = offset_of_name(asked.path);
    bool sealed = false;
    if (base) {
        const auto seal = co_await world.files.exists(seal_path(asked.path));
        sealed = seal.value_or(false);
    }

    segment_walk walk(&*file, sealed, base);
    segment_summary sum;
    while (true) {
        auto batch = co_await walk.next();
        if (!batch) co_return report_unreadable(*out, asked.path, batch.error());
        if (!*batch) break;
        sum.add(**batch);
        out->print(asked.json ? batch_json(**batch) : batch_text(**batch));
    }
    out->print(asked.json ? summary_json(sum, walk.end()) : summary_text(sum, walk.end()));
    co_return sum.damaged == 0 && walk.end().damage.empty() ? exit_code::success : exit_code::failed;
}

}  // namespace logstore::app
