// What may lie in a journal file: group headers, payloads, and the order of whatever groups are found.
#include <vector>

#include "base/check.h"
#include "log/journal_reader.h"

using namespace logstore;

namespace {

/// Groups with numbers from the input, as a scan might find them.
std::vector<found_group> groups_of(bytes_view input) {
    std::vector<found_group> groups;
    for (; input.size() >= 8 && groups.size() < 256; input = input.subspan(8)) {
        found_group group;
        group.header.sequence = journal_sequence(load_big<std::uint16_t>(input.data()));
        group.header.checksum = load_big<std::uint16_t>(input.data() + 2);
        group.header.checksum_before = load_big<std::uint16_t>(input.data() + 4);
        group.payload_holds = input[6] != std::byte{0};
        groups.push_back(group);
    }
    return groups;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    if (const auto header = decode_journal_group_header(input)) {
        CHECK(may_be_journal_group(input, header->salt));
        CHECK(header->size_on_disk() >= journal_group_header_bytes);
        const bytes_view rest = input.subspan(journal_group_header_bytes);
        (void)check_journal_payload(*header,
                                    rest.first(std::min<std::size_t>(rest.size(), header->payload_bytes)));
    }
    journal_entry_cursor cursor(input);
    std::size_t walked = 0;
    while (!cursor.at_end()) {
        const auto entry = cursor.next();
        if (!entry) break;
        walked += journal_entry_header_bytes + entry->data.size();
        CHECK(walked <= input.size());
        std::byte again[journal_entry_header_bytes];
        CHECK(encode_journal_entry_header(entry->header, again) == entry->header.checksum ||
              entry->header.length > 0);
    }
    const journal_scan scan =
        order_journal_groups(groups_of(input), journal_sequence(input.empty() ? 0 : data[0]));
    const found_group* before = nullptr;
    for (const found_group& group : scan.groups) {
        CHECK(group.payload_holds);
        CHECK(before == nullptr || before->header.sequence < group.header.sequence);
        if (before != nullptr && scan.damage.empty())
            CHECK(group.header.sequence == before->header.sequence + 1);
        before = &group;
    }
    return 0;
}
