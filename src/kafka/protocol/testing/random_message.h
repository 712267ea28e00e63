// Messages with random content, by their own descriptions.
#pragma once

#include <array>
#include <deque>
#include <string>

#include "kafka/protocol/api_table.h"
#include "kafka/protocol/description.h"

namespace logstore::kafka::testing {

/// Gives every field that a version has a random value: now and then null, empty or its default. Owns what
/// the messages' views point to, so it must outlive them. The same seed gives the same messages.
class random_message {
  public:
    explicit random_message(std::uint64_t seed) : state_(seed) {}

    template <message T>
    T make(api_version v) {
        T made;
        version_ = v;
        flexible_ = api_of(T::api).is_flexible(v);
        structure(made);
        return made;
    }

    std::uint64_t number() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t bound) { return number() % bound; }

    template <class... Fields>
    void operator()(Fields&... fields) {
        (field(fields), ...);
    }
    template <class T>
    void nullable(std::optional<T>& target, bool null_allowed) {
        optional(target, null_allowed);
    }
    template <class Field>
    void tag(std::uint32_t, Field& target) {
        if (below(2) == 0) field(target);
    }
    template <class Field>
    void tag(std::uint32_t number, Field& target, const Field&) {
        tag(number, target);
    }

  private:
    template <struct_field T>
    void structure(T& target) {
        target.describe(*this, version_);
        if constexpr (has_tags<T>) {
            if (flexible_) target.describe_tags(*this, version_);
        }
    }

    template <number_field T>
    void field(T& target) {
        // The edges as often as the rest.
        constexpr std::array<std::uint64_t, 4> edges{0, 1, ~std::uint64_t(0), std::uint64_t(1) << 63};
        const std::uint64_t bits = below(2) == 0 ? edges[below(edges.size())] : number();
        if constexpr (std::same_as<T, bool>) {
            target = bits & 1;
        } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
            target = static_cast<T>(bits);
        } else if constexpr (std::floating_point<T>) {
            target = static_cast<T>(bits) / 3;
        } else {
            target = T(static_cast<typename T::number_type>(bits));
        }
    }
    void field(topic_id& target) {
        for (std::byte& b : target.bytes) b = static_cast<std::byte>(number());
    }
    template <string_field T>
    void field(T& target) {
        target = kept_text();
    }
    void field(bytes_view& target) { target = bytes_of(kept_text()); }
    void field(record_bytes& target) {
        target = below(4) == 0 ? record_bytes() : record_bytes(bytes_of(kept_text()));
    }
    template <list_field T>
    void field(T& target) {
        target.clear();
        for (std::uint64_t left = below(4); left > 0; --left) field(target.emplace_back());
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
        if (null_allowed && below(3) == 0) return target.reset();
        field(target.emplace());
    }

    std::string_view kept_text() {
        // Some are longer than one byte of a varint can say.
        std::string& text = kept_.emplace_back(below(16) == 0 ? 100 + below(200) : below(12), ' ');
        for (char& c : text) c = static_cast<char>(number());
        return text;
    }

    std::uint64_t state_;
    api_version version_;
    bool flexible_ = false;
    std::deque<std::string> kept_;
};

}  // namespace logstore::kafka::testing
