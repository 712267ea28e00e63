// What `logstore produce` says at its end.
#pragma once

#include <optional>
#include <string>

#include "app/command_line.h"
#include "kafka/client/producer.h"

namespace logstore::app {

/// What came of a run.
struct produce_tally {
    kafka::producer_counters counted;
    /// Of the failed ones: those that were given up unsent when the run was stopped.
    std::uint64_t not_sent = 0;
    env::duration elapsed{0};
    /// With --acks 0: the server has not taken all that was sent.
    bool is_unconfirmed = false;
};

/// One sentence for a person.
std::string produce_report_text(const produce_command& asked, const produce_tally& tally);
/// The same for a script.
std::string produce_report_json(const produce_command& asked, const produce_tally& tally,
                                const std::optional<error>& failure);

/// "1,234,567".
std::string with_separators(std::uint64_t number);

}  // namespace logstore::app
