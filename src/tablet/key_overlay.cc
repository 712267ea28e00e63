#include "tablet/key_overlay.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "kv/changes.h"
#include "model/record_batch.h"

namespace logstore {
namespace {

constexpr std::size_t decompressed_bytes_max = std::size_t(256) << 20;

}  // namespace

void key_overlay::note(bytes_view batch, offset base_offset) {
    const auto header = read_record_batch_header(batch);
    CHECK(header, "what was appended is a batch");
    // As a producer sends it: offsets begin anywhere.
    const std::int64_t moved = base_offset - header->base_offset;
    const auto list = kv::change_list::read(batch, nullptr, header->base_offset, decompressed_bytes_max);
    for (kv::change one : list.changes()) {
        one.record.at += moved;
        noted here{one.record.at, std::string(text_of(one.key))};
        latest what{one.record.at, !one.is_removal, {}};
        if (!one.is_removal) one.record.append_to(what.stored);
        latest& place = keys_[here.key];
        if (place.at >= offset(0)) bytes_ -= place.stored.size();
        bytes_ += place.at < offset(0) ? cost_of(here, what) : here.key.size() + sizeof(noted) + what.stored.size();
        place = std::move(what);
        order_.push_back(std::move(here));
    }
}

void key_overlay::forget_below(next_offset applied) {
    while (!order_.empty() && is_below(order_.front().at, applied)) {
        const noted gone = std::move(order_.front());
        order_.pop_front();
        bytes_ -= gone.key.size() + sizeof(noted);
        const auto at = keys_.find(gone.key);
        if (at == keys_.end() || at->second.at != gone.at) continue;  // a later record of the key is noted
        bytes_ -= gone.key.size() + at->second.stored.size() + sizeof(latest) + 64;
        keys_.erase(at);
    }
}

void key_overlay::clear() {
    keys_.clear();
    order_.clear();
    bytes_ = 0;
}

const key_overlay::latest* key_overlay::find(bytes_view key) const {
    const auto at = keys_.find(std::string(text_of(key)));
    return at == keys_.end() ? nullptr : &at->second;
}

}  // namespace logstore
