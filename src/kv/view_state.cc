#include "kv/view_state.h"

#include "base/check.h"

namespace logstore::kv {
namespace {

constexpr std::byte version{1};
constexpr std::uint8_t murmur2_flag = 1;
constexpr std::uint8_t crc32_flag = 2;

}  // namespace

void view_state::store(mutable_bytes to) const {
    CHECK(to.size() == stored_bytes);
    std::byte* at = to.data();
    *at++ = version;
    std::memcpy(at, tablet.topic.bytes.data(), tablet.topic.bytes.size());
    at += tablet.topic.bytes.size();
    store_big(at, tablet.partition.value());
    store_big(at + 4, applied.value());
    store_big(at + 12, key_count);
    store_big(at + 20, swept.value());
    store_big(at + 28, partition_count);
    at[32] = std::byte((holds_murmur2 ? murmur2_flag : 0) | (holds_crc32 ? crc32_flag : 0));
}

std::optional<view_state> view_state::read(bytes_view stored) {
    if (stored.size() != stored_bytes || stored[0] != version) return std::nullopt;
    const std::byte* at = stored.data() + 1;
    view_state state;
    std::memcpy(state.tablet.topic.bytes.data(), at, state.tablet.topic.bytes.size());
    at += state.tablet.topic.bytes.size();
    state.tablet.partition = partition_id(load_big<std::int32_t>(at));
    state.applied = next_offset(load_big<std::int64_t>(at + 4));
    state.key_count = load_big<std::uint64_t>(at + 12);
    state.swept = offset(load_big<std::int64_t>(at + 20));
    state.partition_count = load_big<std::int32_t>(at + 28);
    const auto flags = std::to_integer<std::uint8_t>(at[32]);
    state.holds_murmur2 = flags & murmur2_flag;
    state.holds_crc32 = flags & crc32_flag;
    return state;
}

}  // namespace logstore::kv
