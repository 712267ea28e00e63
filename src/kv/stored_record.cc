#include "kv/stored_record.h"

namespace logstore::kv {
namespace {

constexpr std::size_t fixed_bytes = 8 + 8 + 4 + 4;

}  // namespace

std::optional<stored_record> stored_record::read(bytes_view stored) {
    if (stored.size() < fixed_bytes) return std::nullopt;
    stored_record one;
    one.at = offset(load_big<std::int64_t>(stored.data()));
    one.timestamp = timestamp_ms(load_big<std::int64_t>(stored.data() + 8));
    one.header_count = load_big<std::int32_t>(stored.data() + 16);
    const std::uint32_t value_bytes = load_big<std::uint32_t>(stored.data() + 20);
    if (value_bytes > stored.size() - fixed_bytes || one.header_count < 0) return std::nullopt;
    one.value = stored.subspan(fixed_bytes, value_bytes);
    one.headers = stored.subspan(fixed_bytes + value_bytes);
    return one;
}

void stored_record::append_to(byte_vector& out) const {
    const std::size_t start = out.size();
    out.resize(start + fixed_bytes);
    std::byte* to = out.data() + start;
    store_big(to, at.value());
    store_big(to + 8, timestamp.value());
    store_big(to + 16, header_count);
    store_big(to + 20, static_cast<std::uint32_t>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
    out.insert(out.end(), headers.begin(), headers.end());
}

}  // namespace logstore::kv
