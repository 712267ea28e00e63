// The leader epoch checkpoint: what is accepted must print as it was read, and answer whatever it is asked.
#include <algorithm>

#include "base/check.h"
#include "log/epoch_checkpoint.h"

using namespace logstore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    auto history = decode_epoch_checkpoint(input);
    if (!history) return 0;
    const auto again = decode_epoch_checkpoint(encode_epoch_checkpoint(*history));
    CHECK(again && *again == *history);
    const auto starts = history->starts();
    CHECK(std::ranges::is_sorted(starts, {}, &epoch_start::epoch) &&
          std::ranges::is_sorted(starts, {}, &epoch_start::start));
    if (starts.empty()) return 0;
    const epoch_start middle = starts[starts.size() / 2];
    CHECK(history->epoch_at(middle.start) == middle.epoch);
    CHECK(history->end_of(middle.epoch, next_offset(middle.start.value())).end.value() >=
          middle.start.value());
    history->trim_start(middle.start);
    CHECK(history->starts().front() == middle);
    history->cut_end(next_offset(middle.start.value()));
    CHECK(history->is_empty());
    return 0;
}
