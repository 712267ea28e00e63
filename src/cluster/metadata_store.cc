#include "cluster/metadata_store.h"

#include <set>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace logstore::cluster {

metadata_transaction& metadata_transaction::require_absent(std::string key) {
    compares_.push_back({std::move(key), no_revision});
    return *this;
}

metadata_transaction& metadata_transaction::require_unchanged(std::string key, metadata_revision modified) {
    CHECK(modified > no_revision, "{} was never written", key);
    compares_.push_back({std::move(key), modified});
    return *this;
}

metadata_transaction& metadata_transaction::put(std::string key, byte_vector value) {
    operations_.push_back({std::move(key), std::move(value)});
    return *this;
}

metadata_transaction& metadata_transaction::remove(std::string key) {
    operations_.push_back({std::move(key), std::nullopt});
    return *this;
}

metadata_transaction& metadata_transaction::with_last_space() {
    last_space_ = true;
    return *this;
}

result<> metadata_transaction::check() const {
    CHECK(!operations_.empty(), "a transaction without an operation");
    if (operations_.size() > metadata_operations_max || compares_.size() > metadata_operations_max) {
        return fail(errc::too_large, "too many operations in one transaction");
    }
    std::size_t bytes = 0;
    std::set<std::string_view> keys;
    for (const operation& each : operations_) {
        CHECK(keys.insert(each.key).second, "{} is changed twice in one transaction", each.key);
        if (each.key.size() > metadata_key_bytes_max) return fail(errc::too_large, "a key is too long");
        bytes += each.key.size() + (each.value ? each.value->size() : 0);
    }
    if (bytes > metadata_transaction_bytes_max)
        return fail(errc::too_large, "too many bytes in one transaction");
    return {};
}

}  // namespace logstore::cluster
