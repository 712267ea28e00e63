// Reads by key.
#include <utility>

#include "base/check.h"
#include "base/logging.h"
#include "kv/stored_record.h"
#include "tablet/key_view.h"

namespace logstore {
namespace {

keyed_record record_of(const kv::stored_record& stored, bool with_values) {
    keyed_record out;
    out.at = stored.at;
    out.timestamp = stored.timestamp;
    out.value_bytes = stored.value.size();
    if (!with_values) return out;
    out.value.assign(stored.value.begin(), stored.value.end());
    out.header_count = stored.header_count;
    out.headers.assign(stored.headers.begin(), stored.headers.end());
    return out;
}

using stored_keys = std::vector<result<std::optional<byte_vector>>>;

}  // namespace

keyed_record keyed_record_of(bytes_view stored) {
    const auto record = kv::stored_record::read(stored);
    CHECK(record, "what the view gives is a record");
    return record_of(*record, true);
}

tablet_errc key_view::code_of(const error& why) {
    if (why.code == kv::errc::no_space) return tablet_errc::storage_unavailable;
    log_warning("kv", "{}", why.message());
    if (why.code != kv::errc::corrupt) return tablet_errc::storage_error;
    is_damaged_ = true;
    wake_.tell();
    return tablet_errc::view_building;
}

env::task<key_read_outcome> key_view::read(key_read_request request) {
    key_read_outcome out;
    const next_offset acknowledged = tablet_.high_watermark();
    out.code = co_await wait_until_applied(acknowledged);
    if (out.code != tablet_errc::ok) co_return out;
    const database db = db_;
    const offset log_start = tablet_.log_start();
    const auto ask = [&request, db, log_start](kv::waiting may_wait) {
        stored_keys found;
        found.reserve(request.keys.size());
        std::size_t bytes = 0;
        for (const byte_vector& key : request.keys) {
            found.push_back(db->get(key, log_start, may_wait));
            if (!found.back()) break;
            bytes += request.with_values && *found.back() ? (*found.back())->size() : 0;
            // The last one stays out, and so the answer is short.
            if (bytes > request.bytes_max) {
                found.pop_back();
                break;
            }
        }
        return found;
    };
    // Mostly all is in memory; else a worker waits for the disk.
    stored_keys found = ask(kv::waiting::forbidden);
    if (!found.empty() && !found.back() && found.back().error().code == kv::errc::would_block)
        found = co_await env::run_blocking(world_.workers, world_.loop, [ask] { return ask(kv::waiting::allowed); });
    if (found.size() < request.keys.size()) out.code = tablet_errc::too_large;
    for (const auto& one : found) {
        if (!one) {
            out.code = code_of(one.error());
            break;
        }
        out.found.emplace_back();
        if (*one) out.found.back() = record_of(*kv::stored_record::read(**one), request.with_values);
    }
    if (out.code != tablet_errc::ok) out.found.clear();
    out.holds_murmur2 = state_.holds_murmur2;
    out.holds_crc32 = state_.holds_crc32;
    co_return out;
}

env::task<key_scan_outcome> key_view::scan(key_scan_request request) {
    const next_offset acknowledged = tablet_.high_watermark();
    const tablet_errc code = co_await wait_until_applied(acknowledged);
    if (code != tablet_errc::ok) {
        key_scan_outcome out;
        out.code = code;
        co_return out;
    }
    const database db = db_;
    const offset log_start = tablet_.log_start();
    const auto walk = [&request, db, log_start]() -> result<key_scan_outcome> {
        key_scan_outcome out;
        std::size_t bytes = 0;
        const kv::view_database::range keys{request.prefix, request.from, request.is_from_included, request.to};
        const auto done = db->scan(keys, log_start, [&](bytes_view key, const kv::stored_record& record) {
            const std::size_t cost =
                key.size() + (request.with_values ? record.value.size() + record.headers.size() : 0);
            const bool is_full =
                out.entries.size() >= request.keys_max || (bytes + cost > request.bytes_max && !out.entries.empty());
            if (is_full) {
                out.has_more = true;
                return false;
            }
            bytes += cost;
            out.entries.push_back({byte_vector(key.begin(), key.end()), record_of(record, request.with_values)});
            return true;
        });
        if (!done) return std::unexpected(done.error());
        return out;
    };
    auto walked = co_await env::run_blocking(world_.workers, world_.loop, walk);
    if (walked) co_return std::move(*walked);
    key_scan_outcome out;
    out.code = code_of(walked.error());
    co_return out;
}

env::task<key_count_outcome> key_view::count() {
    key_count_outcome out;
    const next_offset acknowledged = tablet_.high_watermark();
    out.code = co_await wait_until_applied(acknowledged);
    const env::monotonic_time until = world_.time().now() + options_.wait_max;
    while (out.code == tablet_errc::ok && state_.swept < tablet_.log_start()) {
        if (is_stopping_) out.code = tablet_errc::stopping;
        else if (blocked_ != tablet_errc::ok) out.code = blocked_;
        else if (world_.time().now() >= until) out.code = tablet_errc::view_building;
        if (out.code != tablet_errc::ok) break;
        wants_sweep_ = true;
        wake_.tell();
        arm_tick();
        co_await changed_.wait();
    }
    out.count = state_.key_count;
    co_return out;
}

}  // namespace logstore
