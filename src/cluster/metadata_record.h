// How the embedded store keeps an entry in RocksDB. docs/formats/metadata.md has the layout.
#pragma once

#include <string>
#include <string_view>

#include "cluster/metadata_store.h"

namespace logstore::cluster {

// Keys: one byte says whose a key is. The store's own come before all entries.
inline constexpr std::string_view metadata_format_key{
    "\x00"
    "format",
    7};
inline constexpr std::string_view metadata_revision_key{
    "\x00"
    "revision",
    9};
inline constexpr char metadata_entry_prefix = '\x01';

/// "logstore metadata", version 1.
std::string encode_metadata_format();
/// unsupported_version when a newer program wrote it, corrupt when no program did.
result<> check_metadata_format(std::string_view stored);

std::string encode_metadata_revision(metadata_revision revision);
result<metadata_revision> decode_metadata_revision(std::string_view stored);

std::string metadata_entry_key(std::string_view key);
std::string encode_metadata_record(metadata_revision created, metadata_revision modified, bytes_view value);
/// `stored_key` with its prefix byte, as the database has it. Total: corrupt for whatever
/// encode_metadata_record did not write.
result<metadata_entry> decode_metadata_record(std::string_view stored_key, std::string_view stored);

}  // namespace logstore::cluster
