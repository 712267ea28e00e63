#include "http/record_json.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "http/base64.h"
#include "kafka/protocol/decompression.h"
#include "kafka/protocol/errc.h"

namespace logstore::http {
namespace {

void write_bytes(json_writer& json, std::string_view name, std::string_view mark,
                 std::optional<bytes_view> bytes, bool is_base64) {
    if (!bytes) {
        json.key(name).null();
    } else if (is_base64) {
        json.field(name, std::string_view(base64_of(*bytes)));
    } else if (const std::string_view text = text_of(*bytes); is_utf8(text)) {
        json.field(name, text);
    } else {
        json.field(name, std::string_view(base64_of(*bytes))).field(mark, "base64");
    }
}

std::unexpected<api_error> damaged(offset at, std::string_view why) {
    return refuse(
        500, "storage_error",
        fmt::format(
            "the batch at offset {} cannot be read ({}); go on behind it, or read it with a Kafka client", at,
            why));
}

/// All pieces as one range: a piece may end within a batch.
bytes_view joined(const std::vector<env::shared_bytes>& pieces, byte_vector& room) {
    if (pieces.empty()) return {};
    if (pieces.size() == 1) return pieces.front().bytes;
    for (const env::shared_bytes& one : pieces) room.insert(room.end(), one.bytes.begin(), one.bytes.end());
    return room;
}

/// The estimate counts no escapes.
std::size_t least_bytes(const kafka::record& one) {
    return (one.key ? one.key->size() : 0) + (one.value ? one.value->size() : 0);
}

/// One walk, between its batches.
struct walk {
    record_limits limits;
    record_sink& sink;
    walked done;
    bool is_full = false;

    api_result<> take(const record_batch_header& header, bytes_view records) {
        kafka::record_reader reader(records, header.record_count);
        for (;;) {
            const auto next = reader.next();
            if (!next) return damaged(header.base_offset, next.error().message());
            if (!*next) break;
            const offset at = kafka::record_offset(header, **next);
            // Offsets within a batch are its producer's word: none may hide the batches behind it.
            if (at < header.base_offset || at > header.last_offset()) {
                return damaged(header.base_offset, "a record lies outside of its batch");
            }
            if (at < done.next) continue;
            is_full = done.records >= limits.records_max ||
                      (done.records > 0 && sink.size_bytes() + least_bytes(**next) > limits.json_bytes_max);
            if (is_full) return {};
            sink.on_record(at, kafka::record_timestamp(header, **next), **next);
            ++done.records;
            done.next = at + 1;
        }
        pass(header);
        return {};
    }
    void pass(const record_batch_header& header) {
        done.next = std::max(done.next, first_not_below(header.next()));
    }
};

env::task<result<byte_vector>> decompress(env::environment* world, compression_codec codec,
                                          bytes_view compressed, std::size_t bytes_max) {
    auto work = [codec, compressed, bytes_max] {
        return kafka::decompress_records(codec, compressed, bytes_max);
    };
    co_return co_await env::run_blocking(world->workers, world->loop, std::move(work));
}

api_error not_decompressed(offset at, const error& why) {
    if (why.code != kafka::protocol_errc::too_large) return damaged(at, why.message()).error();
    return {500, "batch_too_large",
            fmt::format("the batch at offset {} expands to more than this server gives over HTTP; "
                        "read it with a Kafka client, or go on behind it",
                        at)};
}

}  // namespace

void write_record(json_writer& json, offset at, timestamp_ms when, const kafka::record& one, bool is_base64) {
    json.begin_object().field("offset", at.value()).field("timestamp", when.value());
    write_bytes(json, "key", "key_encoding", one.key, is_base64);
    write_bytes(json, "value", "value_encoding", one.value, is_base64);
    if (one.headers.count() > 0) {
        json.key("headers").begin_list();
        one.headers.for_each([&](const kafka::record_header& header) {
            json.begin_object().field("key", header.key);
            write_bytes(json, "value", "value_encoding", header.value, is_base64);
            json.end_object();
        });
        json.end_list();
    }
    json.end_object();
}

env::task<api_result<walked>> walk_records(env::environment* world, std::vector<env::shared_bytes> batches,
                                           offset from, record_limits limits, record_sink* sink) {
    byte_vector room;
    bytes_view rest = joined(batches, room);
    walk going{limits, *sink, {0, from}};
    while (!rest.empty() && !going.is_full) {
        const auto header = read_record_batch_header(rest);
        if (!header || header->size_bytes() > rest.size())
            co_return damaged(going.done.next, "it is cut off");
        const bytes_view stored =
            rest.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes);
        rest = rest.subspan(header->size_bytes());
        if (header->is_control()) {
            going.pass(*header);
        } else if (header->codec_number() == 0) {
            if (auto taken = going.take(*header, stored); !taken) co_return std::unexpected(taken.error());
        } else {
            const auto codec = static_cast<compression_codec>(header->codec_number());
            const auto records = co_await decompress(world, codec, stored, limits.decompressed_bytes_max);
            if (!records) {
                // What was read before it is of use; the next read will say why it ends here.
                if (going.done.records > 0) break;
                co_return std::unexpected(not_decompressed(header->base_offset, records.error()));
            }
            if (auto taken = going.take(*header, *records); !taken) co_return std::unexpected(taken.error());
        }
    }
    co_return going.done;
}

}  // namespace logstore::http
