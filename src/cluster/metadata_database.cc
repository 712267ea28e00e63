#include "cluster/metadata_database.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include "base/check.h"
#include "base/logging.h"
#include "cluster/metadata_record.h"
#include "cluster/rocks_files.h"
#include "cluster/rocks_write_watch.h"

namespace logstore::cluster {
namespace {

std::unexpected<error> read_failure(const rocksdb::Status& status) {
    const errc code = status.IsCorruption() ? errc::corrupt : errc::io;
    return fail(code, "reading the metadata failed: " + status.ToString());
}

rocksdb::WriteOptions durable_write() {
    rocksdb::WriteOptions options;
    options.sync = true;
    return options;
}

}  // namespace

result<std::unique_ptr<metadata_database>> metadata_database::open(std::string path,
                                                                   metadata_database_options options) {
    LOGSTORE_TRY(prepare_rocks_directory(path));
    rocksdb::DB* opened = nullptr;
    rocksdb::Options rocks_options = small_rocks_options();
    if (options.accept_loss) rocks_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    std::unique_ptr<rocksdb::Env> files;
    if (options.on_failed_write) {
        files = watched_rocks_env(options.on_failed_write);
        rocks_options.env = files.get();
    }
    const rocksdb::Status status = rocksdb::DB::Open(rocks_options, path, &opened);
    if (!status.ok()) return rocks_open_failure(path, status);
    std::unique_ptr<metadata_database> made(new metadata_database(
        std::move(path), std::move(options), std::move(files), std::unique_ptr<rocksdb::DB>(opened)));
    LOGSTORE_TRY(made->load_format());
    return made;
}

metadata_database::metadata_database(std::string path, metadata_database_options options,
                                     std::unique_ptr<rocksdb::Env> files, std::unique_ptr<rocksdb::DB> db)
    : path_(std::move(path)), options_(std::move(options)), files_(std::move(files)), db_(std::move(db)) {}

metadata_database::~metadata_database() {
    if (failed_) {
        // RocksDB asserts that nothing closes a log whose write failed. The process ends soon; until then the
        // database stays.
        static auto* const failed_files = new std::vector<std::unique_ptr<rocksdb::Env>>;
        static auto* const failed_databases = new std::vector<std::unique_ptr<rocksdb::DB>>;
        failed_files->push_back(std::move(files_));
        failed_databases->push_back(std::move(db_));
        return;
    }
    const rocksdb::Status status = db_->Close();
    // Every transaction was durable before it was answered, so this loses nothing.
    if (!status.ok()) log_warning("metadata", "closing {}: {}", path_, status.ToString());
}

result<> metadata_database::load_format() {
    std::string stored;
    const rocksdb::Status status = db_->Get({}, metadata_format_key, &stored);
    if (status.IsNotFound()) {
        // No format and yet keys: somebody else's database, or ours without its beginning.
        const std::unique_ptr<rocksdb::Iterator> any(db_->NewIterator({}));
        any->SeekToFirst();
        if (!any->status().ok()) return read_failure(any->status());
        if (any->Valid()) return fail(errc::corrupt, path_ + " is not the metadata of a logstore");
        const rocksdb::Status written =
            db_->Put(durable_write(), metadata_format_key, encode_metadata_format());
        failed_ = !written.ok();
        if (failed_) return fail(errc::io, "writing the metadata failed: " + written.ToString());
        return {};
    }
    if (!status.ok()) return read_failure(status);
    LOGSTORE_TRY(check_metadata_format(stored));
    const rocksdb::Status revision_status = db_->Get({}, metadata_revision_key, &stored);
    if (revision_status.IsNotFound()) return {};
    if (!revision_status.ok()) return read_failure(revision_status);
    const result<metadata_revision> revision = decode_metadata_revision(stored);
    if (!revision) return std::unexpected(revision.error());
    revision_ = *revision;
    return {};
}

result<std::optional<metadata_entry>> metadata_database::get(const std::string& key) const {
    const std::string stored_key = metadata_entry_key(key);
    std::string stored;
    const rocksdb::Status status = db_->Get({}, stored_key, &stored);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return read_failure(status);
    return decode_metadata_record(stored_key, stored);
}

result<metadata_listing> metadata_database::list(const std::string& prefix) const {
    // One iterator sees one state of the database, the revision included.
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    metadata_listing listing;
    at->Seek(metadata_revision_key);
    if (at->Valid() && at->key() == metadata_revision_key) {
        const auto revision = decode_metadata_revision(at->value().ToStringView());
        if (!revision) return std::unexpected(revision.error());
        listing.revision = *revision;
    }
    const std::string stored_prefix = metadata_entry_key(prefix);
    for (at->Seek(stored_prefix); at->Valid() && at->key().starts_with(stored_prefix); at->Next()) {
        auto entry = decode_metadata_record(at->key().ToStringView(), at->value().ToStringView());
        if (!entry) return std::unexpected(entry.error());
        listing.entries.push_back(std::move(*entry));
    }
    if (!at->status().ok()) return read_failure(at->status());
    return listing;
}

bool metadata_database::has_space(const metadata_transaction& what) const {
    if (what.may_use_last_space()) return true;
    const auto free_bytes = free_space_bytes(path_);
    return !free_bytes || *free_bytes >= options_.free_bytes_min;
}

std::vector<metadata_database::commit_result> metadata_database::commit(
    std::span<const metadata_transaction> group) {
    std::vector<commit_result> results;
    results.reserve(group.size());
    rocksdb::WriteBatchWithIndex batch;
    metadata_revision revision = revision_;
    for (const metadata_transaction& what : group) {
        if (failed_) {
            results.push_back(fail(errc::failed));
        } else if (!has_space(what)) {
            results.push_back(
                fail(errc::no_space, fmt::format("less than {} bytes are free", options_.free_bytes_min)));
        } else {
            results.push_back(add(batch, what, revision + 1));
            if (results.back() && !results.back()->changes.empty()) ++revision;
        }
    }
    if (revision == revision_) return results;
    batch.Put(metadata_revision_key, encode_metadata_revision(revision));
    const rocksdb::Status status = db_->Write(durable_write(), batch.GetWriteBatch());
    if (status.ok()) {
        revision_ = revision;
        return results;
    }
    failed_ = true;
    // What changed nothing may have relied on what the others did.
    for (commit_result& each : results) {
        if (each) each = fail(errc::unknown_outcome, status.ToString());
    }
    return results;
}

metadata_database::commit_result metadata_database::add(rocksdb::WriteBatchWithIndex& batch,
                                                        const metadata_transaction& what,
                                                        metadata_revision revision) const {
    for (const metadata_transaction::compare& compare : what.compares()) {
        const auto present = get_through(batch, compare.key);
        if (!present) return std::unexpected(present.error());
        if ((*present ? (*present)->modified : no_revision) != compare.modified) return fail(errc::conflict);
    }
    metadata_changes changes;
    changes.revision = revision;
    for (const metadata_transaction::operation& operation : what.operations()) {
        const auto present = get_through(batch, operation.key);
        if (!present) return std::unexpected(present.error());
        if (!operation.value && !*present) continue;
        const metadata_revision created = *present ? (*present)->created : revision;
        metadata_entry entry{operation.key, operation.value.value_or(byte_vector{}), created, revision};
        changes.changes.push_back({std::move(entry), !operation.value});
    }
    // Only now, when nothing can fail any more: a refused transaction leaves nothing in the batch.
    for (const metadata_change& change : changes.changes) {
        const std::string key = metadata_entry_key(change.entry.key);
        const rocksdb::Status added =
            change.removed
                ? batch.Delete(key)
                : batch.Put(key, encode_metadata_record(change.entry.created, revision, change.entry.value));
        CHECK(added.ok(), "{}", added.ToString());
    }
    if (changes.changes.empty()) changes.revision = revision - 1;
    return changes;
}

result<std::optional<metadata_entry>> metadata_database::get_through(rocksdb::WriteBatchWithIndex& batch,
                                                                     const std::string& key) const {
    const std::string stored_key = metadata_entry_key(key);
    std::string stored;
    const rocksdb::Status status = batch.GetFromBatchAndDB(db_.get(), {}, stored_key, &stored);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return read_failure(status);
    return decode_metadata_record(stored_key, stored);
}

}  // namespace logstore::cluster
