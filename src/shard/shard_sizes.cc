// The sizes of tablets: each asked for on its own shard, the answers put together.
#include <algorithm>

#include "base/logging.h"
#include "env/lanes.h"
#include "shard/shard.h"

namespace logstore {
namespace {

/// Tablets of a shard that are looked at together: the first look after a start lists their files.
constexpr std::size_t looked_at_together = 16;

}  // namespace

env::task<> shard::measure(tablet_size* answer) {
    hosted* target = find(answer->tablet);
    if (target == nullptr || target->replica->is_closed()) {
        answer->code = tablet_errc::unknown_tablet;
        co_return;
    }
    ++target->uses;
    tablet& replica = *target->replica;
    auto bytes = co_await replica.log().size_bytes();
    if (replica.is_closed()) {
        answer->code = tablet_errc::unknown_tablet;
    } else if (bytes) {
        answer->bytes = *bytes;
        answer->log_start = replica.log_start();
        answer->high_watermark = replica.high_watermark();
    } else {
        log_error("tablet", "{}: its size is not known: {}", replica.log().directory(), bytes.error().message());
        answer->code = tablet_errc::storage_error;
    }
    --target->uses;
}


env::task<std::vector<tablet_size>> shard::sizes_here(std::shared_ptr<const std::vector<tablet_id>> tablets) {
    std::vector<tablet_size> answers;
    for (const tablet_id& one : *tablets)
        if (is_local(one)) answers.emplace_back().tablet = one;
    co_await env::run_in_lanes(answers.size(), looked_at_together,
                               [&](std::size_t index) { return measure(&answers[index]); });
    co_return answers;
}

env::task<std::vector<tablet_size>> shard::sizes(std::vector<tablet_id> tablets) {
    const auto asked = std::make_shared<const std::vector<tablet_id>>(std::move(tablets));
    std::vector<tablet_size> all(asked->size());
    for (shard* peer : peers_) {
        const bool has_some = std::ranges::any_of(*asked, [peer](const tablet_id& one) { return peer->is_local(one); });
        if (!has_some) continue;
        auto measure_there = [peer, asked] { return peer->sizes_here(asked); };
        const auto there = co_await call_on(world_.loop, peer->world_.loop, peer->work_, std::move(measure_there));
        std::size_t next = 0;
        for (std::size_t index = 0; index < asked->size(); ++index) {
            if (&owner_of((*asked)[index]) != peer) continue;
            all[index].tablet = (*asked)[index];
            if (there)
                all[index] = (*there)[next++];
            else
                all[index].code = tablet_errc::stopping;
        }
    }
    co_return all;
}

}  // namespace logstore
