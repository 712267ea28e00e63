// The fewest bytes that a value of a type can have on the wire: what makes a list's count believable.
#pragma once

#include "kafka/protocol/description.h"

namespace logstore::kafka {

template <class T>
std::size_t minimum_size(api_version v, bool flexible);

/// Sums the minimum sizes of the fields of a description.
class minimum_size_counter {
  public:
    minimum_size_counter(api_version v, bool flexible) : version_(v), flexible_(flexible) {}

    template <class... Fields>
    void operator()(const Fields&...) {
        size_ += (std::size_t(0) + ... + minimum_size<Fields>(version_, flexible_));
    }
    template <class Field>
    void nullable(const Field&, bool) {
        size_ += minimum_size<Field>(version_, flexible_);
    }

    std::size_t size() const { return size_; }

  private:
    api_version version_;
    bool flexible_;
    std::size_t size_ = 0;
};

template <class T>
std::size_t minimum_size(api_version v, bool flexible) {
    if constexpr (number_field<T>) {
        return sizeof(T);
    } else if constexpr (std::same_as<T, topic_id>) {
        return sizeof(topic_id);
    } else if constexpr (optional_field<T>) {
        return struct_field<typename T::value_type> ? 1 : minimum_size<typename T::value_type>(v, flexible);
    } else if constexpr (string_field<T>) {
        return flexible ? 1 : 2;
    } else if constexpr (struct_field<T>) {
        minimum_size_counter counter(v, flexible);
        const T sample{};
        sample.describe(counter, v);
        return counter.size() + (flexible ? 1 : 0);
    } else {
        return flexible ? 1 : 4;
    }
}

}  // namespace logstore::kafka
