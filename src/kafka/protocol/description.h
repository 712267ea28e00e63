// How a message is described: once, for all its versions and for both directions.
//
// A message is an aggregate with default values and
//
//     void describe(this auto& m, auto& io, api_version v) {
//         io(m.replica);                       // one or more fields in the order of the wire
//         if (v >= 2) io(m.isolation);         // a field that only some versions have
//         io.nullable(m.topics, v >= 1);       // an optional that only some versions may leave null
//         io(m.error_message);                 // an optional that may always be null
//     }
//     void describe_tags(this auto& m, auto& io, api_version v) {      // only if there are tagged fields
//         if (v >= 10) io.tag(0, m.current_leader);                    // left out when equal to {}
//         if (v >= 3) io.tag(1, m.finalized_epoch, std::int64_t(-1));  // left out when equal to this default
//     }
//
// `io` is a decoder (m is written), an encoder (m is const) or a counter of minimum sizes. Nested structs are
// described alike. A message also says `static constexpr api_key api`, and its request and response share a
// file in messages/.
//
// Field types: bool, integers, double, enums and named_number (as their number), topic_id (uuid),
// std::string_view and std::string, bytes_view, record_bytes, std::vector, short_list and other lists of any
// of these, structs; std::optional of a string, bytes, list or struct is a nullable one.
//
// Lifetime: a decoded string_view, bytes_view or record_bytes points into the decoded bytes, which must
// outlive the message. Requests use views; responses own their strings, except those of Produce and Fetch.
// Strings are bytes as the peer sent them: nobody has checked that they are UTF-8.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "kafka/protocol/api_key.h"
#include "kafka/protocol/record_bytes.h"
#include "model/topic_id.h"

namespace logstore::kafka {

namespace detail {

/// named_number and its like.
template <class T>
concept strong_number = requires(const T& n) {
    typename T::number_type;
    { n.value() } -> std::same_as<typename T::number_type>;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

struct any_io {
    void operator()(const auto&...) {}
    void nullable(const auto&, bool) {}
    void tag(std::uint32_t, const auto&) {}
    void tag(std::uint32_t, const auto&, const auto&) {}
};

}  // namespace detail

template <class T>
concept number_field =
    std::integral<T> || std::floating_point<T> || std::is_enum_v<T> || detail::strong_number<T>;

template <class T>
concept string_field = std::same_as<T, std::string_view> || std::same_as<T, std::string>;

template <class T>
concept struct_field = requires(T& m, detail::any_io& io, api_version v) { m.describe(io, v); };

template <class T>
concept has_tags = requires(T& m, detail::any_io& io, api_version v) { m.describe_tags(io, v); };

template <class T>
concept list_field = !string_field<T> && requires(T& list) {
    typename T::value_type;
    list.emplace_back();
    list.reserve(1);
};

template <class T>
concept optional_field = detail::is_optional<T>;

/// A request or a response as a whole.
template <class T>
concept message = struct_field<T> && requires {
    { T::api } -> std::convertible_to<api_key>;
};

/// What a string may have in every version.
inline constexpr std::size_t string_bytes_max = 0x7fff;

}  // namespace logstore::kafka
