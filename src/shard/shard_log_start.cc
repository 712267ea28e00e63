// Moving the first offset of a tablet's log by request.
#include "shard/checkpointer.h"
#include "shard/shard.h"

namespace logstore {

env::task<tablet_errc> shard::wait_for_room(const tablet* asking, std::size_t batch_bytes) {
    // As an append, it leaves alone what the journal keeps for checkpoints: who asks is a client.
    while (!has_room(batch_bytes)) {
        if (asking->is_closed()) co_return tablet_errc::unknown_tablet;
        if (is_stopping_ || has_failed_) co_return tablet_errc::stopping;
        if (context_.is_full || is_low_on_space_) co_return tablet_errc::storage_unavailable;
        checkpointer_->wake();
        ++room_waiters_;
        co_await env::sleep(world_.loop, std::chrono::milliseconds(5));
        --room_waiters_;
    }
    co_return tablet_errc::ok;
}

env::task<tablet_errc> shard::move_log_start_of(hosted* target, offset to) {
    tablet& replica = *target->replica;
    const tablet_errc has_room = co_await wait_for_room(&replica);
    if (has_room != tablet_errc::ok) co_return has_room;
    // Room may have come in the moment in which the topic went.
    if (replica.is_closed()) co_return tablet_errc::unknown_tablet;
    if (is_stopping_ || has_failed_) co_return tablet_errc::stopping;
    const tablet_errc reached = co_await bring_view_to(target, to);
    if (reached != tablet_errc::ok) co_return reached;
    auto moved = co_await replica.log().move_log_start(to);
    if (moved) co_return tablet_errc::ok;
    if (moved.error().code == std::errc::no_buffer_space) co_return tablet_errc::storage_unavailable;
    accept_storage_result(moved);
    // The start is durable, but a segment below it could not be removed: the next round of retention tries again.
    if (replica.log_start() >= to) co_return tablet_errc::ok;
    co_return has_failed_ ? tablet_errc::outcome_unknown : tablet_errc::storage_error;
}

env::task<log_start_outcome> shard::move_log_start_here(log_start_request request) {
    log_start_outcome out;
    hosted* target = find(request.tablet);
    if (target == nullptr || target->replica->is_closed()) {
        out.code = tablet_errc::unknown_tablet;
        co_return out;
    }
    if (is_stopping_ || has_failed_) {
        out.code = tablet_errc::stopping;
        co_return out;
    }
    ++target->uses;
    tablet& replica = *target->replica;
    const std::int64_t end = replica.high_watermark().value();
    const offset to = request.to.value_or(offset(end));
    if (to < offset(0) || to > offset(end)) out.code = tablet_errc::offset_out_of_range;
    else if (to > replica.log_start()) out.code = co_await move_log_start_of(target, to);
    if (replica.is_closed()) out.code = tablet_errc::unknown_tablet;
    if (out.code == tablet_errc::ok) out.log_start = replica.log_start();
    --target->uses;
    co_return out;
}

env::task<log_start_outcome> shard::move_log_start(log_start_request request) {
    return at_owner(std::move(request), &shard::move_log_start_here);
}

}  // namespace logstore
