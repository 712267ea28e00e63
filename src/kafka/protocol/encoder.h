// Writes a message by its description.
#pragma once

#include <bit>
#include <vector>

#include "base/check.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/wire_writer.h"

namespace logstore::kafka {

/// Where the sender puts in bytes of its own.
struct insertion {
    std::size_t position = 0;    ///< in the encoded bytes: after this many of them
    std::size_t index = 0;       ///< the placeholder's
    std::size_t byte_count = 0;  ///< how many bytes must follow
};

/// The `io` of a description that writes: appends to a writer. One message each, one thread. A value that the
/// version has no notation for (null where none is allowed, a string above string_bytes_max) makes it fail;
/// fields that the version lacks are left out.
class encoder {
  public:
    /// `insertions` = null: a placeholder is a mistake of the program.
    encoder(wire_writer& out, api_version v, bool flexible, std::vector<insertion>* insertions = nullptr)
        : out_(out), version_(v), flexible_(flexible), insertions_(insertions) {}

    bool failed() const { return failed_; }
    /// Bytes that placeholders stand for.
    std::size_t inserted_bytes() const { return inserted_bytes_; }

    template <class... Fields>
    void operator()(const Fields&... fields) {
        (field(fields), ...);
    }

    template <class T>
    void nullable(const std::optional<T>& source, bool null_allowed) {
        if (!source && !null_allowed) failed_ = true;
        optional(source);
    }

    template <class Field>
    void tag(std::uint32_t number, const Field& source) {
        tag(number, source, Field{});
    }
    template <class Field>
    void tag(std::uint32_t number, const Field& source, const Field& when_absent) {
        if (source == when_absent) return;
        ++tag_count_;
        if (counting_tags_) return;
        out_.unsigned_varint(number);
        const std::size_t start = out_.size();
        const std::size_t inserted_before = inserted_bytes_;
        field(source);
        CHECK(inserted_bytes_ == inserted_before, "a placeholder in a tagged field");
        out_.insert_length(start);
    }

    /// A struct's fields and, in flexible versions, its tagged fields.
    template <struct_field T>
    void structure(const T& source) {
        source.describe(*this, version_);
        if (flexible_) tags(source);
    }

    /// In front of the elements of a list, when they are encoded one by one.
    void list_length(std::size_t count) { (void)length(count); }

    /// For headers: a string in the old notation whatever the version.
    void old_nullable_string(const std::optional<std::string_view>& source) {
        if (!source) return out_.fixed(std::int16_t(-1));
        if (source->size() > string_bytes_max) return void(failed_ = true);
        out_.fixed(static_cast<std::int16_t>(source->size()));
        out_.bytes(bytes_of(*source));
    }

  private:
    template <number_field T>
    void field(const T& source) {
        if constexpr (std::same_as<T, bool>) {
            out_.fixed(static_cast<std::int8_t>(source));
        } else if constexpr (std::integral<T>) {
            out_.fixed(source);
        } else if constexpr (std::floating_point<T>) {
            static_assert(sizeof(T) == sizeof(std::uint64_t));
            out_.fixed(std::bit_cast<std::uint64_t>(source));
        } else if constexpr (std::is_enum_v<T>) {
            out_.fixed(static_cast<std::underlying_type_t<T>>(source));
        } else {
            out_.fixed(source.value());
        }
    }

    void field(const topic_id& source) { out_.bytes(source.bytes); }

    template <string_field T>
    void field(const T& source) {
        if (source.size() > string_bytes_max) return void(failed_ = true);
        if (flexible_) {
            out_.unsigned_varint(source.size() + 1);
        } else {
            out_.fixed(static_cast<std::int16_t>(source.size()));
        }
        out_.bytes(bytes_of(source));
    }
    void field(const bytes_view& source) {
        if (!length(source.size())) return;
        out_.bytes(source);
    }
    template <list_field T>
    void field(const T& source) {
        if (!length(source.size())) return;
        for (const auto& element : source) field(element);
    }
    void field(const record_bytes& source) {
        if (source.is_null()) return null<bytes_view>();
        if (!length(source.size())) return;
        if (!source.is_placeholder()) return out_.bytes(source.bytes());
        CHECK(insertions_ != nullptr, "a placeholder in a message that is sent in one piece");
        insertions_->push_back({out_.size(), source.placeholder_index(), source.size()});
        inserted_bytes_ += source.size();
    }
    template <struct_field T>
    void field(const T& source) {
        structure(source);
    }
    template <class T>
    void field(const std::optional<T>& source) {
        optional(source);
    }

    template <class T>
    void optional(const std::optional<T>& source) {
        if (!source) return null<T>();
        if constexpr (struct_field<T>) out_.fixed(std::int8_t(1));
        field(*source);
    }

    template <class T>
    void null() {
        if constexpr (struct_field<T>) {
            out_.fixed(std::int8_t(-1));
        } else if (flexible_) {
            out_.unsigned_varint(0);
        } else if constexpr (string_field<T>) {
            out_.fixed(std::int16_t(-1));
        } else {
            out_.fixed(std::int32_t(-1));
        }
    }

    /// Length of bytes or a list; false = it has no notation.
    bool length(std::size_t count) {
        if (count > 0x7ffffffe) {
            failed_ = true;
            return false;
        }
        if (flexible_) {
            out_.unsigned_varint(count + 1);
        } else {
            out_.fixed(static_cast<std::int32_t>(count));
        }
        return true;
    }

    template <class T>
    void tags(const T& source) {
        if constexpr (has_tags<T>) {
            tag_count_ = 0;
            counting_tags_ = true;
            source.describe_tags(*this, version_);
            counting_tags_ = false;
            out_.unsigned_varint(tag_count_);
            if (tag_count_ != 0) source.describe_tags(*this, version_);
        } else {
            out_.unsigned_varint(0);
        }
    }

    wire_writer& out_;
    api_version version_;
    bool flexible_;
    std::vector<insertion>* insertions_;
    std::size_t inserted_bytes_ = 0;
    std::uint32_t tag_count_ = 0;
    bool counting_tags_ = false;
    bool failed_ = false;
};

}  // namespace logstore::kafka
