#include "resp/key_at.h"

#include <utility>

#include "resp/record_walk.h"

namespace logstore::resp {
namespace {

struct first_key final : record_sink {
    bool on_record(offset record_at, timestamp_ms, const kafka::record& one) override {
        if (!one.key) return true;
        found.at = record_at;
        found.key.emplace(one.key->begin(), one.key->end());
        return false;
    }
    key_at found;
};

}  // namespace

env::task<key_at> find_key_at(const serving* with, tablet_id of, offset from) {
    read_request what;
    what.tablet = of;
    what.from = from;
    what.bytes_max = 1;
    read_outcome stored = co_await with->target.read(what);
    first_key sink;
    if (stored.code != tablet_errc::ok) co_return sink.found;
    env::environment& world = with->target.world();
    auto walking =
        walk_records(&world, std::move(stored.records), from, with->options.decompressed_bytes_max, &sink);
    const walked went = co_await std::move(walking);
    (void)went;  // what is damaged has no key
    co_return sink.found;
}

}  // namespace logstore::resp
