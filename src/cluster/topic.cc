#include "cluster/topic.h"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/record_bytes.h"
#include "model/topic_partition.h"

namespace logstore::cluster {
namespace {

constexpr std::uint8_t topic_version = 1;
constexpr std::uint8_t deleted_topic_version = 1;
constexpr std::string_view live_prefix = "topics/live/";
constexpr std::string_view deleted_prefix = "topics/deleted/";

std::unexpected<error> damaged(const metadata_entry& entry) {
    return fail(errc::corrupt, fmt::format("the metadata of {} cannot be read", entry.key));
}

result<> check_version(const metadata_entry& entry, std::uint8_t known) {
    if (entry.value.empty()) return damaged(entry);
    const auto version = std::to_integer<std::uint8_t>(entry.value.front());
    if (version <= known && version > 0) return {};
    if (version == 0) return damaged(entry);
    return fail(errc::unsupported_version,
                fmt::format("{} has version {}, this program knows version {}", entry.key, version, known));
}

topic_id read_id(record_reader& from) {
    topic_id id;
    const bytes_view bytes = from.raw(id.bytes.size());
    std::ranges::copy(bytes, id.bytes.begin());
    return id;
}

}  // namespace

std::string topic_key(std::string_view name) {
    std::string key(live_prefix);
    for (char c : name) key += c == '.' ? '_' : c;
    return key;
}

std::string deleted_topic_key(const topic_id& id) {
    return std::string(deleted_prefix) + id.text();
}

bool is_deleted_topic_key(std::string_view key) {
    return key.starts_with(deleted_prefix);
}

std::optional<topic_id> id_in_deleted_topic_key(std::string_view key) {
    if (!is_deleted_topic_key(key)) return std::nullopt;
    return topic_id::from_text(key.substr(deleted_prefix.size()));
}

byte_vector encode_topic(const topic& from) {
    record_writer out;
    out.number(topic_version);
    out.text(from.name);
    out.raw(from.id.bytes);
    out.number(from.partition_count);
    out.number(static_cast<std::uint16_t>(from.configs.size()));
    for (const auto& [name, value] : from.configs) {
        out.text(name);
        out.text(value);
    }
    return out.take();
}

result<topic> decode_topic(const metadata_entry& entry) {
    LOGSTORE_TRY(check_version(entry, topic_version));
    record_reader in(entry.value);
    in.number<std::uint8_t>();
    topic read;
    read.name = in.text();
    read.id = read_id(in);
    read.partition_count = in.number<std::int32_t>();
    const auto config_count = in.number<std::uint16_t>();
    for (std::size_t i = 0; i < config_count && !in.failed(); ++i) {
        std::string name = in.text();
        std::string value = in.text();
        if (!read.configs.emplace(std::move(name), std::move(value)).second) return damaged(entry);
    }
    const bool possible = is_legal_topic_name(read.name) && topic_key(read.name) == entry.key &&
                          !read.id.is_none() && read.partition_count > 0;
    if (!in.all_read() || !possible) return damaged(entry);
    read.created = entry.created;
    read.modified = entry.modified;
    return read;
}

byte_vector encode_deleted_topic(const deleted_topic& from) {
    record_writer out;
    out.number(deleted_topic_version);
    out.text(from.name);
    out.raw(from.id.bytes);
    out.number(from.partition_count);
    return out.take();
}

result<deleted_topic> decode_deleted_topic(const metadata_entry& entry) {
    LOGSTORE_TRY(check_version(entry, deleted_topic_version));
    record_reader in(entry.value);
    in.number<std::uint8_t>();
    deleted_topic read;
    read.name = in.text();
    read.id = read_id(in);
    read.partition_count = in.number<std::int32_t>();
    const bool possible =
        is_legal_topic_name(read.name) && deleted_topic_key(read.id) == entry.key && read.partition_count > 0;
    if (!in.all_read() || !possible) return damaged(entry);
    return read;
}

}  // namespace logstore::cluster
