// Values of the metadata store: a record as the database has it, and in it a topic or a deleted topic. What
// can be read is written and read again, and must be the same.
#include "base/check.h"
#include "cluster/metadata_record.h"
#include "cluster/topic.h"

using namespace logstore;
using namespace logstore::cluster;

namespace {

/// The name at the start of a topic's value, so that inputs get past the comparison of name and key.
std::string key_for(bytes_view value) {
    if (value.size() < 3) return topic_key("");
    const std::size_t length = load_big<std::uint16_t>(value.data() + 1);
    const bytes_view rest = value.subspan(3);
    return topic_key(text_of(rest.first(std::min(length, rest.size()))));
}

void run_topic(metadata_entry entry) {
    entry.key = key_for(entry.value);
    const auto read = decode_topic(entry);
    if (!read) return;
    entry.value = encode_topic(*read);
    const auto again = decode_topic(entry);
    CHECK(again.has_value());
    CHECK(again->name == read->name && again->id == read->id && again->configs == read->configs);
    CHECK(again->partition_count == read->partition_count);
    (void)settings_of(read->configs, {});
}

void run_deleted_topic(metadata_entry entry) {
    // The id is the 16 bytes before the partition count at the end.
    if (entry.value.size() < 20) return;
    topic_id id;
    const bytes_view stored = bytes_view(entry.value).last(20).first(16);
    std::copy(stored.begin(), stored.end(), id.bytes.begin());
    entry.key = deleted_topic_key(id);
    const auto read = decode_deleted_topic(entry);
    if (read) CHECK(encode_deleted_topic(*read) == entry.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stored(reinterpret_cast<const char*>(data), size);
    const auto entry = decode_metadata_record(metadata_entry_key("key"), stored);
    if (!entry) return 0;
    CHECK(encode_metadata_record(entry->created, entry->modified, entry->value) == stored);
    run_topic(*entry);
    run_deleted_topic(*entry);
    return 0;
}
