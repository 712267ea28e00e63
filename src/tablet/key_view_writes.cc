// What writes by key ask of the view.
#include <utility>

#include "base/check.h"
#include "tablet/key_view.h"

namespace logstore {

void key_view::expect(offset at, bool with_bytes, kv::previous_record* into) {
    CHECK(is_below(at, applied_) == false, "what is applied is not expected any more");
    expected_[at] = {with_bytes, into};
}

env::task<tablet_errc> key_view::begin_conditions() {
    conditions_end_ = world_.time().now() + options_.conditions_kept;
    if (overlay_.bytes() > options_.overlay_bytes_max) co_return tablet_errc::view_building;
    // What is in the log now comes into the view; what comes behind it is noted.
    if (!noted_from_) noted_from_ = tablet_.log_end();
    const next_offset noted_from = *noted_from_;
    co_return co_await wait_until_applied(noted_from);
}

void key_view::note_appended(bytes_view batch, offset base_offset) {
    if (!noted_from_) return;
    overlay_.note(batch, base_offset);
    // Decisions begin anew when what is here has reached the view.
    if (overlay_.bytes() > 2 * options_.overlay_bytes_max) forget_noted();
}

result<key_view::latest_record> key_view::find_latest(bytes_view key,
                                                       const std::optional<stored_bytes>& asked) const {
    CHECK(is_deciding());
    latest_record out;
    if (const key_overlay::latest* noted = overlay_.find(key)) {
        out.has_value = noted->has_value && noted->at >= tablet_.log_start();
        out.at = noted->at;
        out.stored = noted->stored;
        out.seen_up_to = next_after(noted->at);
        return out;
    }
    auto stored = asked ? result<stored_bytes>(*asked) : db_->get(key, tablet_.log_start(), kv::waiting::forbidden);
    if (!stored) return std::unexpected(stored.error());
    if (!*stored) return out;
    out.at = kv::stored_record::read(**stored)->at;
    out.has_value = out.at >= tablet_.log_start();
    out.stored = std::move(**stored);
    return out;
}

env::task<result<key_view::stored_bytes>> key_view::ask(byte_vector key) {
    const database db = db_;
    const offset log_start = tablet_.log_start();
    auto asked = [&key, db, log_start] { return db->get(key, log_start, kv::waiting::allowed); };
    co_return co_await env::run_blocking(world_.workers, world_.loop, asked);
}

}  // namespace logstore
