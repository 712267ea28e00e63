// Where the cluster's metadata lives: a small, ordered, transactional map of bytes. Embedded on one node,
// etcd in a cluster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/named_number.h"
#include "base/result.h"
#include "cluster/errc.h"
#include "env/task.h"

namespace logstore::cluster {

/// Counts the committed transactions of a store; grows by one with each and never goes back. 0 = before the
/// first.
using metadata_revision = named_number<std::int64_t, struct metadata_revision_tag>;
inline constexpr metadata_revision no_revision{0};

// Limits of one transaction, below etcd's own defaults (128 operations, 1.5 MiB), so that both stores accept
// the same.
inline constexpr std::size_t metadata_key_bytes_max = 1024;
inline constexpr std::size_t metadata_operations_max = 128;
inline constexpr std::size_t metadata_transaction_bytes_max = std::size_t(1) << 20;

struct metadata_entry {
    std::string key;
    byte_vector value;
    metadata_revision created;   ///< of the transaction that made the key (anew)
    metadata_revision modified;  ///< of the transaction that put it last
};

/// All entries of a prefix as they were at one revision, sorted by key.
struct metadata_listing {
    std::vector<metadata_entry> entries;
    metadata_revision revision;
};

/// What must hold for a transaction to happen, and what it does then. Each key is put or removed at most
/// once.
class metadata_transaction {
  public:
    struct compare {
        std::string key;
        metadata_revision modified;  ///< no_revision = the key must be absent
    };
    struct operation {
        std::string key;
        std::optional<byte_vector> value;  ///< none = remove; removing an absent key changes nothing
    };

    metadata_transaction& require_absent(std::string key);
    /// REQUIRES: `modified` is a revision, not no_revision.
    metadata_transaction& require_unchanged(std::string key, metadata_revision modified);
    metadata_transaction& put(std::string key, byte_vector value);
    metadata_transaction& remove(std::string key);
    /// Try it even when the store keeps back its last space: for what frees space, and for starting at all.
    metadata_transaction& with_last_space();

    const std::vector<compare>& compares() const { return compares_; }
    const std::vector<operation>& operations() const { return operations_; }
    bool may_use_last_space() const { return last_space_; }
    /// The limits above: too_large. CHECKs that there is an operation and that no key is changed twice.
    result<> check() const;

  private:
    std::vector<compare> compares_;
    std::vector<operation> operations_;
    bool last_space_ = false;
};

struct metadata_change {
    metadata_entry entry;  ///< of a removed key: no value, `modified` is the removing transaction
    bool removed = false;
};

/// What one transaction changed under the watched prefix.
struct metadata_changes {
    metadata_revision revision;
    std::vector<metadata_change> changes;
    /// Something before this was missed: list the prefix again. Such a call brings no changes, and `revision`
    /// is what the listing will at least have.
    bool gap = false;
};

using metadata_watcher = std::move_only_function<void(const metadata_changes&)>;

/// A watch; destroying it ends it, from inside its own watcher too. No call follows.
class metadata_watch {
  public:
    virtual ~metadata_watch() = default;
};

/// An ordered map of bytes with revisions. Belongs to one executor; calls may overlap and are answered there.
///
/// A transaction is all or nothing, and durable before it is answered. A read sees at least every transaction
/// that was answered before the read began. errc::conflict, closed, no_space, too_large and overloaded mean
/// that nothing was written; unknown_outcome means that nobody knows.
///
/// The store must outlive its calls: await close() before it is destroyed.
class metadata_store {
  public:
    virtual ~metadata_store() = default;

    virtual env::task<result<std::optional<metadata_entry>>> get(std::string key) = 0;
    virtual env::task<result<metadata_listing>> list(std::string prefix) = 0;
    /// Returns the revision of this transaction. One that changes nothing (it only removes absent keys) makes
    /// no revision and returns the latest.
    virtual env::task<result<metadata_revision>> transact(metadata_transaction what) = 0;

    /// Calls `watcher`, on this executor and never from inside a call of the store, for each transaction
    /// after revision `after` that changes keys under `prefix`, in order. The embedded store misses none,
    /// unless `after` is older than its memory of changes: then a `gap` comes first. In a cluster a watch is
    /// a hint, and a gap can come at any time. A transaction's call may come before or after that transaction
    /// is answered.
    virtual std::unique_ptr<metadata_watch> watch(std::string prefix, metadata_revision after,
                                                  metadata_watcher watcher) = 0;

    /// Answers new calls with errc::closed, completes those under way, and gives everything back. Once.
    virtual env::task<void> close() = 0;
};

}  // namespace logstore::cluster
