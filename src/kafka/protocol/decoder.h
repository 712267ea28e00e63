// Fills a message from untrusted bytes by its description. Total: no crash, no exception, memory within
// decode_limits.
#pragma once

#include <algorithm>
#include <bit>
#include <utility>

#include "kafka/protocol/description.h"
#include "kafka/protocol/minimum_size.h"
#include "kafka/protocol/wire_reader.h"

namespace logstore::kafka {

/// What one message may cost. The defaults let through what clients send and a little of a hostile frame.
struct decode_limits {
    /// Memory of all lists: a list element is up to 40 times as large in memory as its smallest form on the
    /// wire.
    std::size_t list_memory_max_bytes = std::size_t(64) << 20;
    /// Tagged fields in one struct, known or not.
    std::uint32_t tag_count_max = 256;
    /// Content of unknown tagged fields, in all.
    std::size_t unknown_tag_max_bytes = std::size_t(1) << 20;
};

/// The `io` of a description that reads. The first failure sticks (wire_reader): the message is then partly
/// filled, may be destroyed and nothing else. `limits` must outlive it. One message each, one thread.
class decoder {
  public:
    decoder(bytes_view bytes, api_version v, bool flexible, const decode_limits& limits)
        : in_(bytes), version_(v), flexible_(flexible), limits_(limits) {}

    template <class... Fields>
    void operator()(Fields&... fields) {
        (field(fields), ...);
    }

    template <class T>
    void nullable(std::optional<T>& target, bool null_allowed) {
        optional(target, null_allowed);
    }

    template <class Field>
    void tag(std::uint32_t number, Field& target) {
        tag(number, target, Field{});
    }
    template <class Field>
    void tag(std::uint32_t number, Field& target, const Field&) {
        if (number != tag_number_ || tag_known_) return;
        tag_known_ = true;
        field(target);
    }

    /// A struct's fields and, in flexible versions, its tagged fields.
    template <struct_field T>
    void structure(T& target) {
        target.describe(*this, version_);
        if (flexible_) tags(target);
    }

    /// Tagged fields of which all are unknown.
    void skip_tags() {
        struct no_tags {
        } none;
        tags(none);
    }

    /// For headers: a string in the old notation whatever the version.
    void old_nullable_string(std::optional<std::string_view>& target) {
        const std::int32_t length = in_.fixed<std::int16_t>();
        if (length < -1) return in_.fail(protocol_errc::bad_length);
        if (length == -1) return target.reset();
        target = text_of(in_.take(static_cast<std::size_t>(length)));
    }

    wire_reader& in() { return in_; }
    /// Of all lists decoded so far.
    std::size_t list_memory_bytes() const { return list_memory_bytes_; }

  private:
    /// Length of a string, bytes or list; -1 for null. At most remaining() otherwise when it counts bytes.
    static constexpr std::int64_t null_length = -1;

    template <number_field T>
    void field(T& target) {
        if constexpr (std::same_as<T, bool>) {
            target = in_.fixed<std::int8_t>() != 0;
        } else if constexpr (std::integral<T>) {
            target = in_.fixed<T>();
        } else if constexpr (std::floating_point<T>) {
            static_assert(sizeof(T) == sizeof(std::uint64_t));
            target = std::bit_cast<T>(in_.fixed<std::uint64_t>());
        } else if constexpr (std::is_enum_v<T>) {
            target = static_cast<T>(in_.fixed<std::underlying_type_t<T>>());
        } else {
            target = T(in_.fixed<typename T::number_type>());
        }
    }

    void field(topic_id& target) {
        const bytes_view bytes = in_.take(target.bytes.size());
        std::ranges::copy(bytes, target.bytes.begin());
    }

    template <string_field T>
    void field(T& target) {
        not_null(string_length(), [&](std::size_t length) { content(target, length); });
    }
    void field(bytes_view& target) {
        not_null(long_length(protocol_errc::bad_length),
                 [&](std::size_t length) { content(target, length); });
    }
    template <list_field T>
    void field(T& target) {
        not_null(long_length(protocol_errc::bad_count), [&](std::size_t count) { content(target, count); });
    }
    void field(record_bytes& target) {
        const std::int64_t length = long_length(protocol_errc::bad_length);
        if (in_.failed() || length == null_length) return void(target = {});
        target = record_bytes(in_.take(static_cast<std::size_t>(length)));
    }
    template <struct_field T>
    void field(T& target) {
        structure(target);
    }
    template <class T>
    void field(std::optional<T>& target) {
        optional(target, true);
    }

    template <class T>
    void optional(std::optional<T>& target, bool null_allowed) {
        std::int64_t length = null_length;
        if constexpr (struct_field<T>) {
            length = in_.fixed<std::int8_t>() < 0 ? null_length : 1;
        } else if constexpr (string_field<T>) {
            length = string_length();
        } else {
            length = long_length(list_field<T> ? protocol_errc::bad_count : protocol_errc::bad_length);
        }
        if (in_.failed()) return;
        if (length == null_length) {
            if (!null_allowed) in_.fail(protocol_errc::null_not_allowed);
            return target.reset();
        }
        content(target.emplace(), static_cast<std::size_t>(length));
    }

    std::int64_t string_length() {
        const std::int64_t length =
            flexible_ ? std::int64_t(in_.unsigned_varint()) - 1 : in_.fixed<std::int16_t>();
        if (length < null_length || length > std::int64_t(string_bytes_max))
            in_.fail(protocol_errc::bad_length);
        return length;
    }
    std::int64_t long_length(protocol_errc when_bad) {
        const std::int64_t length =
            flexible_ ? std::int64_t(in_.unsigned_varint()) - 1 : in_.fixed<std::int32_t>();
        if (length < null_length || length > std::int64_t(0x7fffffff)) in_.fail(when_bad);
        return length;
    }
    template <class Then>
    void not_null(std::int64_t length, Then then) {
        if (in_.failed()) return;
        if (length == null_length) return in_.fail(protocol_errc::null_not_allowed);
        then(static_cast<std::size_t>(length));
    }

    template <string_field T>
    void content(T& target, std::size_t length) {
        target = text_of(in_.take(length));
    }
    void content(bytes_view& target, std::size_t length) { target = in_.take(length); }
    template <struct_field T>
    void content(T& target, std::size_t) {
        structure(target);
    }
    template <list_field T>
    void content(T& target, std::size_t count) {
        using element = typename T::value_type;
        const std::size_t element_bytes_min =
            std::max<std::size_t>(minimum_size<element>(version_, flexible_), 1);
        if (count > in_.remaining() / element_bytes_min) return in_.fail(protocol_errc::bad_count);
        if (count > (limits_.list_memory_max_bytes - list_memory_bytes_) / sizeof(element))
            return in_.fail(protocol_errc::too_large);
        list_memory_bytes_ += count * sizeof(element);
        target.clear();
        target.reserve(count);
        for (std::size_t i = 0; i < count && !in_.failed(); ++i) field(target.emplace_back());
    }

    template <class T>
    void tags(T& target) {
        const std::uint32_t count = in_.unsigned_varint();
        if (count > limits_.tag_count_max) return in_.fail(protocol_errc::too_many_tags);
        for (std::uint32_t i = 0; i < count && !in_.failed(); ++i) one_tag(target);
    }
    template <class T>
    void one_tag(T& target) {
        const std::uint32_t number = in_.unsigned_varint();
        const std::uint32_t size = in_.unsigned_varint();
        if (size > in_.remaining()) return in_.fail(protocol_errc::truncated);
        if constexpr (has_tags<T>) {
            const wire_reader::end_mark end = in_.restrict_to(size);
            tag_number_ = number;
            tag_known_ = false;
            target.describe_tags(*this, version_);
            const bool known = std::exchange(tag_known_, true);
            if (known && in_.remaining() != 0) in_.fail(protocol_errc::bad_tag);
            in_.widen_to(end);
            if (known) return;
        }
        if (size > limits_.unknown_tag_max_bytes - unknown_tag_bytes_)
            return in_.fail(protocol_errc::too_many_tags);
        unknown_tag_bytes_ += size;
        in_.take(size);
    }

    wire_reader in_;
    api_version version_;
    bool flexible_;
    const decode_limits& limits_;
    std::size_t list_memory_bytes_ = 0;
    std::size_t unknown_tag_bytes_ = 0;
    std::uint32_t tag_number_ = 0;
    bool tag_known_ = true;
};

}  // namespace logstore::kafka
