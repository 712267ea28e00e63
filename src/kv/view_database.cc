#include "kv/view_database.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/stackable_db.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/logging.h"
#include "kafka/protocol/key_placement.h"

namespace logstore::kv {
namespace {

/// First byte of every key in the database: keys of records, and the state.
constexpr char record_kind = 'k';
const rocksdb::Slice state_key("s", 1);
/// Keys that one piece of a sweep looks at.
constexpr std::size_t swept_keys_max = 50'000;

std::unexpected<error> failure(const std::string& directory, const rocksdb::Status& status) {
    const errc code = status.IsIncomplete()                                    ? errc::would_block
                      : status.IsNoSpace()                                     ? errc::no_space
                      : status.IsCorruption() || status.IsInvalidArgument()    ? errc::corrupt
                                                                               : errc::failed;
    return fail(code, fmt::format("{}: {}", directory, status.ToString()));
}

rocksdb::Slice slice_of(bytes_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
bytes_view bytes_of_slice(const rocksdb::Slice& slice) {
    return bytes_of(std::string_view(slice.data(), slice.size()));
}
std::string database_key(bytes_view key) {
    std::string out;
    out.reserve(key.size() + 1);
    out.push_back(record_kind);
    out.append(text_of(key));
    return out;
}

/// Where the first key behind all those that begin with `prefix` would be; empty when there is no such place.
std::string end_of_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

rocksdb::ReadOptions read_options(waiting may_wait) {
    rocksdb::ReadOptions options;
    if (may_wait == waiting::forbidden) options.read_tier = rocksdb::kBlockCacheTier;
    return options;
}

rocksdb::Status sync_directory(rocksdb::Env& env, const std::string& path) {
    std::unique_ptr<rocksdb::Directory> directory;
    const rocksdb::Status opened = env.NewDirectory(path, &directory);
    return opened.ok() ? directory->Fsync() : opened;
}

/// Makes the directory durably when it is absent. After a failed flush the page cache holds bytes that the disk
/// never got: what is there is read from the disk.
rocksdb::Status prepare(rocksdb::Env& env, const std::string& directory) {
    rocksdb::Status status = env.CreateDirIfMissing(directory);
    if (status.ok()) status = sync_directory(env, directory.substr(0, directory.rfind('/')));
    std::vector<std::string> names;
    if (status.ok()) status = env.GetChildren(directory, &names);
    for (const std::string& name : names) {
        if (!status.ok()) break;
        if (name == "." || name == ".." || name == "LOCK") continue;
        std::unique_ptr<rocksdb::SequentialFile> file;
        status = env.NewSequentialFile(directory + "/" + name, &file, rocksdb::EnvOptions());
        if (!status.ok()) continue;
        const rocksdb::Status dropped = file->InvalidateCache(0, 0);
        // Files in memory have no page cache.
        if (!dropped.IsNotSupported()) status = dropped;
    }
    return status;
}

}  // namespace

view_database::view_database(std::string directory, std::unique_ptr<rocksdb::DB> db, view_state state)
    : directory_(std::move(directory)), db_(std::move(db)), state_(state) {}

view_database::~view_database() {
    const rocksdb::Status status = db_->Close();
    if (!status.ok()) log_warning("kv", "closing {}: {}", directory_, status.ToString());
}

result<std::unique_ptr<view_database>> view_database::try_open(const std::string& directory,
                                                               const view_resources& resources,
                                                               const view_state& fresh) {
    const rocksdb::Options& options = resources.of_a_view();
    const rocksdb::Status prepared = prepare(*options.env, directory);
    if (!prepared.ok()) return failure(directory, prepared);
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, directory, &opened);
    if (!status.ok()) return failure(directory, status);
    std::unique_ptr<view_database> made(
        new view_database(directory, std::unique_ptr<rocksdb::DB>(opened), fresh));
    std::string stored;
    const rocksdb::Status found = opened->Get({}, state_key, &stored);
    if (found.IsNotFound()) return made;  // nothing was ever flushed
    if (!found.ok()) return failure(directory, found);
    const auto state = view_state::read(bytes_of(stored));
    if (!state) return fail(errc::corrupt, directory + ": the state of the key view cannot be read");
    made->state_ = *state;
    return made;
}

bool view_database::serves(const view_state& fresh, next_offset log_end) const {
    return state_.tablet == fresh.tablet && state_.applied >= fresh.applied && state_.applied <= log_end;
}

result<std::unique_ptr<view_database>> view_database::open(std::string directory, const view_resources& resources,
                                                           tablet_id tablet, std::int32_t partition_count,
                                                           offset log_start, next_offset log_end) {
    view_state fresh;
    fresh.tablet = tablet;
    fresh.applied = next_offset(log_start.value());
    fresh.swept = log_start;
    fresh.partition_count = partition_count;
    auto opened = try_open(directory, resources, fresh);
    const bool is_damaged = !opened && opened.error().code == errc::corrupt;
    if (!opened && !is_damaged) return opened;
    if (is_damaged) log_warning("kv", "{}; it is built anew", opened.error().message());
    if (opened && !(*opened)->serves(fresh, log_end)) {
        log_info("kv", "{}: the log reaches from {} to {} and the key view to {}: it is built anew", directory,
                 log_start, log_end, (*opened)->applied());
        opened->reset();
    }
    if (is_damaged || *opened == nullptr) {
        LOGSTORE_TRY(remove(directory, resources));
        opened = try_open(directory, resources, fresh);
        if (!opened) return opened;
    }
    LOGSTORE_TRY((*opened)->set_partition_count(partition_count));
    return opened;
}

result<> view_database::remove(const std::string& directory, const view_resources& resources) {
    const rocksdb::Options& options = resources.of_a_view();
    if (options.env->FileExists(directory).IsNotFound()) return {};
    const rocksdb::Status destroyed = rocksdb::DestroyDB(directory, options);
    if (!destroyed.ok()) return failure(directory, destroyed);
    return {};
}

result<next_offset> view_database::flushed() const {
    // With the write-ahead log off this tier is what files hold.
    rocksdb::ReadOptions options;
    options.read_tier = rocksdb::kPersistedTier;
    std::string stored;
    const rocksdb::Status found = db_->Get(options, state_key, &stored);
    if (found.IsNotFound()) return next_offset(0);
    if (!found.ok()) return failure(directory_, found);
    const auto state = view_state::read(bytes_of(stored));
    if (!state) return fail(errc::corrupt, directory_ + ": the state of the key view cannot be read");
    return state->applied;
}

result<bool> view_database::find(const rocksdb::Slice& key, rocksdb::PinnableSlice* stored, waiting may_wait) const {
    stored->Reset();
    const rocksdb::Status found = db_->Get(read_options(may_wait), db_->DefaultColumnFamily(), key, stored);
    if (found.IsNotFound()) return false;
    if (!found.ok()) return failure(directory_, found);
    return true;
}

result<> view_database::write(rocksdb::WriteBatch& batch, const view_state& after, waiting may_wait) {
    std::byte stored[view_state::stored_bytes];
    after.store(stored);
    batch.Put(state_key, slice_of(stored));
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    options.no_slowdown = may_wait == waiting::forbidden;
    const rocksdb::Status written = db_->Write(options, &batch);
    if (!written.ok()) return failure(directory_, written);
    state_ = after;
    return {};
}

result<> view_database::apply(std::span<const change> changes, next_offset next, const apply_options& how) {
    CHECK(next >= state_.applied && (how.previous.empty() || how.previous.size() == changes.size()));
    view_state after = state_;
    after.applied = next;
    rocksdb::WriteBatch batch;
    // What earlier changes of this call made of a key: the database does not know yet.
    std::unordered_map<std::string_view, const change*> changed;
    rocksdb::PinnableSlice present;
    byte_vector stored;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const change& one = changes[i];
        const std::string key = database_key(one.key);
        const auto earlier = changed.find(text_of(one.key));
        previous_record before;
        bool is_stored = false;
        if (earlier != changed.end()) {
            is_stored = before.had_value = !earlier->second->is_removal;
            if (before.had_value) {
                before.at = earlier->second->record.at;
                if (how.with_previous_bytes) earlier->second->record.append_to(before.stored);
            }
        } else {
            const result<bool> found = find(key, &present, how.may_wait);
            if (!found) return std::unexpected(found.error());
            is_stored = *found;
            const auto record = is_stored ? stored_record::read(bytes_of_slice(present)) : std::nullopt;
            if (is_stored && !record) return fail(errc::corrupt, directory_ + ": a record cannot be read");
            before.had_value = record && record->at >= how.log_start;
            if (before.had_value) {
                before.at = record->at;
                const bytes_view bytes = bytes_of_slice(present);
                if (how.with_previous_bytes) before.stored.assign(bytes.begin(), bytes.end());
            }
        }
        if (one.is_removal) {
            if (is_stored) batch.Delete(key);
            after.key_count -= is_stored ? 1 : 0;
        } else {
            stored.clear();
            one.record.append_to(stored);
            batch.Put(key, slice_of(stored));
            after.key_count += is_stored ? 0 : 1;
            if (after.partition_count > 1) {
                const partition_id here = after.tablet.partition;
                after.holds_murmur2 &= kafka::murmur2_partition(one.key, after.partition_count) == here;
                after.holds_crc32 &= kafka::crc32_partition(one.key, after.partition_count) == here;
            }
        }
        if (changes.size() > 1) changed.insert_or_assign(text_of(one.key), &one);
        if (!how.previous.empty()) how.previous[i] = std::move(before);
    }
    return write(batch, after, how.may_wait);
}

result<bool> view_database::sweep(offset log_start) {
    if (state_.swept >= log_start) return true;
    // One pass has one aim: what it has gone by is not looked at again.
    if (sweep_from_.empty()) sweep_to_ = log_start;
    view_state after = state_;
    rocksdb::WriteBatch batch;
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
    const std::string from = database_key(sweep_from_);
    std::size_t looked_at = 0;
    for (at->Seek(from); at->Valid() && at->key().starts_with(rocksdb::Slice(&record_kind, 1)); at->Next()) {
        if (looked_at++ == swept_keys_max) {
            const bytes_view key = bytes_of_slice(at->key()).subspan(1);
            sweep_from_.assign(key.begin(), key.end());
            LOGSTORE_TRY(write(batch, after, waiting::allowed));
            return false;
        }
        const auto record = stored_record::read(bytes_of_slice(at->value()));
        if (!record) return fail(errc::corrupt, directory_ + ": a record cannot be read");
        if (record->at >= sweep_to_) continue;
        batch.Delete(at->key());
        --after.key_count;
    }
    if (!at->status().ok()) return failure(directory_, at->status());
    sweep_from_.clear();
    after.swept = sweep_to_;
    LOGSTORE_TRY(write(batch, after, waiting::allowed));
    return state_.swept >= log_start;
}

result<> view_database::set_partition_count(std::int32_t count) {
    if (state_.partition_count == count) return {};
    view_state after = state_;
    // With one partition every key lies right by any rule; with more, nobody has looked yet.
    const bool is_known = after.key_count == 0;
    after.partition_count = count;
    after.holds_murmur2 = after.holds_crc32 = is_known;
    rocksdb::WriteBatch batch;
    return write(batch, after, waiting::allowed);
}

result<> view_database::flush() {
    const rocksdb::Status flushed = db_->Flush(rocksdb::FlushOptions());
    if (!flushed.ok()) return failure(directory_, flushed);
    return {};
}

result<std::optional<byte_vector>> view_database::get(bytes_view key, offset log_start, waiting may_wait) const {
    rocksdb::PinnableSlice stored;
    const result<bool> found = find(database_key(key), &stored, may_wait);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::nullopt;
    const bytes_view bytes = bytes_of_slice(stored);
    const auto record = stored_record::read(bytes);
    if (!record) return fail(errc::corrupt, directory_ + ": a record cannot be read");
    if (record->at < log_start) return std::nullopt;
    return byte_vector(bytes.begin(), bytes.end());
}

result<> view_database::scan(const range& keys, offset log_start,
                             const std::function<bool(bytes_view, const stored_record&)>& visit) const {
    const std::string prefix = database_key(keys.prefix);
    const std::string from = std::max(database_key(keys.from), prefix);
    std::string to = end_of_prefix(prefix);
    if (!keys.to.empty()) to = std::min(to, database_key(keys.to));
    rocksdb::ReadOptions options;
    const rocksdb::Slice bound(to);
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
    at->Seek(from);
    if (!keys.is_from_included && at->Valid() && at->key() == database_key(keys.from)) at->Next();
    for (; at->Valid(); at->Next()) {
        const auto record = stored_record::read(bytes_of_slice(at->value()));
        if (!record) return fail(errc::corrupt, directory_ + ": a record cannot be read");
        if (record->at < log_start) continue;
        if (!visit(bytes_of_slice(at->key()).subspan(1), *record)) return {};
    }
    if (!at->status().ok()) return failure(directory_, at->status());
    return {};
}

std::uint64_t view_database::disk_bytes() const {
    std::uint64_t bytes = 0;
    return db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes) ? bytes : 0;
}

}  // namespace logstore::kv
