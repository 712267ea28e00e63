#include "cluster/metadata_record.h"

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::cluster {
namespace {

constexpr std::string_view format_magic = "logstore metadata";
constexpr char format_version = 1;
constexpr char record_version = 1;
constexpr std::size_t revision_bytes = 8;
constexpr std::size_t record_header_bytes = 1 + 2 * revision_bytes;

void append_revision(std::string& out, metadata_revision revision) {
    std::byte bytes[revision_bytes];
    store_big(bytes, revision.value());
    out.append(text_of(bytes));
}

metadata_revision revision_at(std::string_view stored, std::size_t at) {
    return metadata_revision(load_big<std::int64_t>(bytes_of(stored.substr(at, revision_bytes)).data()));
}

}  // namespace

std::string encode_metadata_format() {
    return std::string(format_magic) + format_version;
}

result<> check_metadata_format(std::string_view stored) {
    if (stored.size() != format_magic.size() + 1 || !stored.starts_with(format_magic)) {
        return fail(errc::corrupt, "this is not the metadata of a logstore");
    }
    const int version = static_cast<unsigned char>(stored.back());
    if (version > format_version) {
        return fail(errc::unsupported_version,
                    fmt::format("the metadata has version {}, this program knows version {}", version,
                                int(format_version)));
    }
    if (version != format_version)
        return fail(errc::corrupt, fmt::format("the metadata has version {}", version));
    return {};
}

std::string encode_metadata_revision(metadata_revision revision) {
    std::string out;
    append_revision(out, revision);
    return out;
}

result<metadata_revision> decode_metadata_revision(std::string_view stored) {
    if (stored.size() != revision_bytes) return fail(errc::corrupt, "the stored revision has a wrong length");
    const metadata_revision revision = revision_at(stored, 0);
    if (revision < no_revision) return fail(errc::corrupt, "the stored revision is negative");
    return revision;
}

std::string metadata_entry_key(std::string_view key) {
    std::string out(1, metadata_entry_prefix);
    return out.append(key);
}

std::string encode_metadata_record(metadata_revision created, metadata_revision modified, bytes_view value) {
    CHECK(no_revision < created && created <= modified, "created {}, modified {}", created, modified);
    std::string out;
    out.reserve(record_header_bytes + value.size());
    out += record_version;
    append_revision(out, created);
    append_revision(out, modified);
    return out.append(text_of(value));
}

result<metadata_entry> decode_metadata_record(std::string_view stored_key, std::string_view stored) {
    if (stored_key.empty() || stored_key.front() != metadata_entry_prefix) {
        return fail(errc::corrupt, "a metadata key has an unknown prefix");
    }
    metadata_entry entry;
    entry.key = stored_key.substr(1);
    if (stored.size() < record_header_bytes || stored.front() != record_version) {
        return fail(errc::corrupt, fmt::format("the metadata of {} cannot be read", entry.key));
    }
    entry.created = revision_at(stored, 1);
    entry.modified = revision_at(stored, 1 + revision_bytes);
    if (entry.created <= no_revision || entry.modified < entry.created) {
        return fail(errc::corrupt, fmt::format("the metadata of {} has impossible revisions", entry.key));
    }
    const bytes_view value = bytes_of(stored.substr(record_header_bytes));
    entry.value.assign(value.begin(), value.end());
    return entry;
}

}  // namespace logstore::cluster
