// Reading and writing by key on the shard that owns the tablet.
#include <utility>

#include "env/completion.h"
#include "kafka/protocol/record.h"
#include "shard/checkpointer.h"
#include "shard/key_batch.h"
#include "shard/shard.h"

namespace logstore {
namespace {

/// An append that a coroutine waits for.
class awaited_append final : public append_call {
  public:
    void on_appended() override { done.set(true); }
    env::completion<bool> done;
};

/// How long a write with conditions looks for its keys, and for room.
constexpr env::duration looking_max = std::chrono::seconds(5);

template <class Outcome>
Outcome failed(tablet_errc code) {
    Outcome out;
    out.code = code;
    return out;
}

}  // namespace

tablet_errc shard::find_view(const tablet_id& id, hosted** found) {
    hosted* target = find(id);
    if (target == nullptr || target->replica->is_closed()) return tablet_errc::unknown_tablet;
    if (is_stopping_ || has_failed_) return tablet_errc::stopping;
    if (target->view == nullptr) return tablet_errc::no_view;
    *found = target;
    return tablet_errc::ok;
}

env::task<key_read_outcome> shard::read_keys_here(key_read_request request) {
    hosted* target = nullptr;
    const tablet_errc code = find_view(request.tablet, &target);
    if (code != tablet_errc::ok) co_return failed<key_read_outcome>(code);
    ++target->uses;
    ++target->view_uses;
    auto out = co_await target->view->read(std::move(request));
    --target->uses;
    --target->view_uses;
    co_return out;
}

env::task<key_scan_outcome> shard::scan_keys_here(key_scan_request request) {
    hosted* target = nullptr;
    const tablet_errc code = find_view(request.tablet, &target);
    if (code != tablet_errc::ok) co_return failed<key_scan_outcome>(code);
    ++target->uses;
    ++target->view_uses;
    auto out = co_await target->view->scan(std::move(request));
    --target->uses;
    --target->view_uses;
    co_return out;
}

env::task<key_count_outcome> shard::count_keys_here(key_view_request request) {
    hosted* target = nullptr;
    const tablet_errc code = find_view(request.tablet, &target);
    if (code != tablet_errc::ok) co_return failed<key_count_outcome>(code);
    ++target->uses;
    ++target->view_uses;
    auto out = co_await target->view->count();
    --target->uses;
    --target->view_uses;
    co_return out;
}

env::task<key_view_status> shard::key_view_here(key_view_request request) {
    hosted* target = nullptr;
    const tablet_errc code = find_view(request.tablet, &target);
    co_return code == tablet_errc::ok ? target->view->status() : failed<key_view_status>(code);
}

env::task<key_write_outcome> shard::write_keys_here(key_write_request request) {
    hosted* target = nullptr;
    const tablet_errc code = find_view(request.tablet, &target);
    if (code != tablet_errc::ok) co_return failed<key_write_outcome>(code);
    ++target->uses;
    ++target->view_uses;
    auto out = co_await write_keys_of(target, std::move(request));
    --target->uses;
    --target->view_uses;
    co_return out;
}

env::task<tablet_errc> shard::decide_writes(hosted* target, key_batch* batch, byte_vector* bytes) {
    key_view& view = *target->view;
    tablet& replica = *target->replica;
    const env::monotonic_time until = world_.time().now() + looking_max;
    const key_view::decision deciding(view);
    while (world_.time().now() < until) {
        const tablet_errc ready = co_await view.begin_conditions();
        if (ready != tablet_errc::ok) co_return ready;
        const tablet_errc room = co_await wait_for_room(&replica, bytes->size());
        if (room != tablet_errc::ok) co_return room;
        // Who came before goes first.
        while (!waiting_.empty() && !is_stopping_) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
        if (is_stopping_) co_return tablet_errc::stopping;
        if (replica.is_closed()) co_return tablet_errc::unknown_tablet;
        if (!view.is_deciding()) continue;
        const auto decided = batch->decide(view);
        if (decided) {
            if (batch->is_empty()) co_return tablet_errc::ok;
            *bytes = batch->finish(world_.time().wall_now());
            if (bytes->size() > batch_bytes_max(replica)) co_return tablet_errc::batch_too_large;
            if (has_room(bytes->size())) co_return tablet_errc::ok;
            continue;
        }
        if (decided.error().code != kv::errc::would_block) co_return view.code_of(decided.error());
        const std::uint64_t generation = view.generation();
        byte_vector key = batch->undecided_key();
        auto asked = co_await view.ask(std::move(key));
        if (!asked) co_return view.code_of(asked.error());
        batch->note_asked(std::move(*asked), generation);
    }
    co_return tablet_errc::view_building;
}

env::task<key_write_outcome> shard::write_keys_of(hosted* target, key_write_request request) {
    key_view& view = *target->view;
    const tablet& replica = *target->replica;
    key_batch batch(request);
    if (batch.is_too_large()) co_return failed<key_write_outcome>(tablet_errc::too_large);
    // What is decided holds for the place in the log that the batch takes: from the last look to the append nothing
    // suspends. Without conditions nothing has to be looked up; what was there before is told when it is applied.
    byte_vector bytes;
    awaited_append append;
    append.tablet = request.tablet;
    append.home_ = this;
    append.target_ = this;
    // In the order of the calls: a client's writes take their places as it sent them, whatever they wait for.
    co_await target->key_turn.take();
    tablet_errc decided = replica.is_closed() ? tablet_errc::unknown_tablet : tablet_errc::ok;
    if (decided == tablet_errc::ok && batch.has_conditions()) decided = co_await decide_writes(target, &batch, &bytes);
    else if (decided == tablet_errc::ok) bytes = batch.finish(world_.time().wall_now());
    append.batch = bytes;
    const bool is_appended = decided == tablet_errc::ok && !batch.is_empty();
    if (is_appended) append_here(append);
    target->key_turn.give();
    if (decided != tablet_errc::ok) co_return failed<key_write_outcome>(decided);
    next_offset seen = batch.seen_up_to();
    if (is_appended) {
        co_await append.done;
        if (append.outcome.code != tablet_errc::ok) co_return failed<key_write_outcome>(append.outcome.code);
        // Before the view goes on: it does so in a later turn of the loop.
        seen = std::max(seen, batch.expect(view, append.outcome.base_offset));
    }
    const tablet_errc applied = co_await view.wait_until_applied(seen);
    // What nobody told: the wait failed, or the log start went past the records.
    batch.forget(view);
    // Written it is; who asks again sees it.
    if (applied != tablet_errc::ok)
        co_return failed<key_write_outcome>(batch.is_empty() ? applied : tablet_errc::outcome_unknown);
    co_return std::move(batch).outcome();
}

env::task<key_read_outcome> shard::read_keys(key_read_request request) {
    return at_owner(std::move(request), &shard::read_keys_here);
}
env::task<key_scan_outcome> shard::scan_keys(key_scan_request request) {
    return at_owner(std::move(request), &shard::scan_keys_here);
}
env::task<key_write_outcome> shard::write_keys(key_write_request request) {
    return at_owner(std::move(request), &shard::write_keys_here);
}
env::task<key_count_outcome> shard::count_keys(key_view_request request) {
    return at_owner(request, &shard::count_keys_here);
}
env::task<key_view_status> shard::key_view_of(key_view_request request) {
    return at_owner(request, &shard::key_view_here);
}

}  // namespace logstore
