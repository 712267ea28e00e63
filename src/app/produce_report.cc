#include "app/produce_report.h"

#include <fmt/format.h>

#include "base/json_writer.h"

namespace logstore::app {
namespace {

double seconds_of(const produce_tally& tally) {
    return std::chrono::duration<double>(tally.elapsed).count();
}

std::uint64_t rate_of(const produce_tally& tally) {
    const double seconds = seconds_of(tally);
    const auto done = static_cast<double>(tally.counted.acknowledged + tally.counted.sent);
    return seconds > 0 ? static_cast<std::uint64_t>(done / seconds) : 0;
}

std::string records(std::uint64_t count) {
    return fmt::format("{} record{}", with_separators(count), count == 1 ? "" : "s");
}

}  // namespace

std::string with_separators(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
}

std::string produce_report_text(const produce_command& asked, const produce_tally& tally) {
    const kafka::producer_counters& counted = tally.counted;
    std::string text;
    if (asked.acks == kafka::required_acks::none)
        text = fmt::format("{} sent, none acknowledged (--acks 0)", records(counted.sent));
    else
        text = fmt::format("{} acknowledged", records(counted.acknowledged));
    const std::uint64_t failed = counted.failed - tally.not_sent;
    if (failed > 0) text += fmt::format(", {} failed", with_separators(failed));
    if (counted.unknown > 0)
        text += fmt::format(", {} of unknown outcome (they may be stored)", with_separators(counted.unknown));
    if (tally.not_sent > 0) text += fmt::format(", {} not sent", with_separators(tally.not_sent));
    text += fmt::format(" in {:.2f} s ({}/s)", seconds_of(tally), with_separators(rate_of(tally)));
    if (counted.may_be_doubled > 0) {
        text += fmt::format(
            "; {} may be stored twice, as a first answer was lost and they were sent again "
            "(--at-most-once prevents that)",
            records(counted.may_be_doubled));
    }
    if (tally.is_unconfirmed) text += "; the server has not taken all of them";
    return text;
}

std::string produce_report_json(const produce_command& asked, const produce_tally& tally,
                                const std::optional<error>& failure) {
    const kafka::producer_counters& counted = tally.counted;
    json_writer json;
    json.begin_object().field("topic", std::string_view(asked.topic));
    json.field("acknowledged", counted.acknowledged).field("sent_without_acknowledgement", counted.sent);
    json.field("failed", counted.failed - tally.not_sent).field("unknown", counted.unknown);
    json.field("not_sent", tally.not_sent).field("may_be_doubled", counted.may_be_doubled);
    json.field("bytes", counted.bytes).field("seconds", seconds_of(tally));
    json.field("records_per_second", rate_of(tally));
    if (failure)
        json.field("error", std::string_view(failure->message()));
    else
        json.key("error").null();
    return json.end_object().finish();
}

}  // namespace logstore::app
