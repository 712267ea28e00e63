#include "cluster/store_identity.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "cluster/record_bytes.h"
#include "model/topic_id.h"

namespace logstore::cluster {
namespace {

constexpr std::string_view identity_key = "store/identity";
constexpr std::uint8_t identity_version = 1;
/// Starts that count at the same moment; more than a few mean that something else is wrong.
constexpr int attempts_max = 16;

byte_vector encode_identity(const store_identity& from) {
    record_writer out;
    out.number(identity_version);
    out.text(from.cluster_id);
    out.number(from.boot.value());
    return out.take();
}

result<store_identity> decode_identity(bytes_view stored) {
    record_reader in(stored);
    const auto version = in.number<std::uint8_t>();
    if (version > identity_version) {
        return fail(errc::unsupported_version, fmt::format("the store's identity has version {}", version));
    }
    store_identity read;
    read.cluster_id = in.text();
    read.boot = boot_number(in.number<std::int32_t>());
    if (!in.all_read() || version != identity_version || read.boot <= boot_number(0) ||
        !topic_id::from_text(read.cluster_id)) {
        return fail(errc::corrupt, "the store's identity cannot be read");
    }
    return read;
}

}  // namespace

env::task<result<store_identity>> begin_boot(metadata_store* store, env::random_source* random) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const auto stored = co_await store->get(std::string(identity_key));
        if (!stored) co_return std::unexpected(stored.error());
        store_identity identity;
        metadata_transaction count;
        count.with_last_space();
        if (*stored) {
            auto known = decode_identity((*stored)->value);
            if (!known) co_return std::unexpected(known.error());
            identity = std::move(*known);
            if (identity.boot.value() == std::numeric_limits<std::int32_t>::max()) {
                co_return fail(errc::corrupt, "the store was started too often");
            }
            count.require_unchanged(std::string(identity_key), (*stored)->modified);
        } else {
            const std::uint64_t high = random->next();
            identity.cluster_id = topic_id::from_random_bits(high, random->next()).text();
            count.require_absent(std::string(identity_key));
        }
        ++identity.boot;
        count.put(std::string(identity_key), encode_identity(identity));
        const auto counted = co_await store->transact(std::move(count));
        if (counted) co_return identity;
        if (counted.error().code != errc::conflict) co_return std::unexpected(counted.error());
    }
    co_return fail(errc::conflict, "somebody else keeps counting starts of this store");
}

}  // namespace logstore::cluster
