#include "resp/record_walk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kafka/protocol/decompression.h"

namespace logstore::resp {
namespace {

std::string damaged(offset at, std::string_view why) {
    return fmt::format("ERR the batch at offset {} cannot be read ({}); go on behind it", at, why);
}

/// All pieces as one range: a piece may end within a batch.
bytes_view joined(const std::vector<env::shared_bytes>& pieces, byte_vector& room) {
    if (pieces.empty()) return {};
    if (pieces.size() == 1) return pieces.front().bytes;
    for (const env::shared_bytes& one : pieces) room.insert(room.end(), one.bytes.begin(), one.bytes.end());
    return room;
}

/// False: the sink has enough, or the batch is damaged.
bool walk_batch(const record_batch_header& header, bytes_view records, record_sink& sink, walked& done) {
    kafka::record_reader reader(records, header.record_count);
    for (;;) {
        const auto next = reader.next();
        if (!next) return done.why = damaged(header.base_offset, next.error().message()), false;
        if (!*next) break;
        const offset at = kafka::record_offset(header, **next);
        // Offsets within a batch are its producer's word: none may hide the batches behind it.
        if (at < header.base_offset || at > header.last_offset())
            return done.why = damaged(header.base_offset, "a record lies outside of its batch"), false;
        if (at < done.next) continue;
        if (!sink.on_record(at, kafka::record_timestamp(header, **next), **next)) return false;
        done.next = at + 1;
    }
    done.next = std::max(done.next, first_not_below(header.next()));
    return true;
}

}  // namespace

env::task<walked> walk_records(env::environment* world, std::vector<env::shared_bytes> batches, offset from,
                               std::size_t decompressed_bytes_max, record_sink* sink) {
    byte_vector room;
    bytes_view rest = joined(batches, room);
    walked done{from, {}};
    while (!rest.empty()) {
        const auto header = read_record_batch_header(rest);
        if (!header || header->size_bytes() > rest.size()) {
            done.why = damaged(done.next, "it is cut off");
            break;
        }
        const bytes_view stored =
            rest.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes);
        rest = rest.subspan(header->size_bytes());
        if (header->is_control()) {
            done.next = std::max(done.next, first_not_below(header->next()));
        } else if (header->codec_number() == 0) {
            if (!walk_batch(*header, stored, *sink, done)) break;
        } else {
            const auto codec = static_cast<compression_codec>(header->codec_number());
            auto work = [codec, stored, decompressed_bytes_max] {
                return kafka::decompress_records(codec, stored, decompressed_bytes_max);
            };
            const auto records = co_await env::run_blocking(world->workers, world->loop, std::move(work));
            if (!records) {
                done.why = damaged(header->base_offset, records.error().message());
                break;
            }
            if (!walk_batch(*header, *records, *sink, done)) break;
        }
    }
    co_return done;
}

}  // namespace logstore::resp
