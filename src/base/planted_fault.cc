#include "base/planted_fault.h"

#ifdef LOGSTORE_PLANTED_FAULTS

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace logstore {
namespace {

using enum planted_fault;

constexpr std::array<std::pair<std::string_view, planted_fault>, 23> names{{
    {"journal-without-flush", journal_without_flush},
    {"acknowledged-before-write", acknowledged_before_write},
    {"segment-without-flush", segment_without_flush},
    {"roll-without-directory-flush", roll_without_directory_flush},
    {"rename-without-directory-flush", rename_without_directory_flush},
    {"replaced-without-flush", replaced_without_flush},
    {"flush-retried-after-error", flush_retried_after_error},
    {"journal-write-failure-ignored", journal_write_failure_ignored},
    {"recovery-through-page-cache", recovery_through_page_cache},
    {"recovery-without-checksums", recovery_without_checksums},
    {"damage-taken-for-torn-tail", damage_taken_for_torn_tail},
    {"group-before-durable-predecessor", group_before_durable_predecessor},
    {"short-write-taken-as-success", short_write_taken_as_success},
    {"index-trusted", index_trusted},
    {"journal-reused-too-early", journal_reused_too_early},
    {"settled-block-without-image", settled_block_without_image},
    {"salt-kept", salt_kept},
    {"tail-not-copied-forward", tail_not_copied_forward},
    {"deletion-without-tombstone", deletion_without_tombstone},
    {"point-before-flush", point_before_flush},
    {"served-before-checkpoint", served_before_checkpoint},
    {"log-start-after-unlink", log_start_after_unlink},
    {"read-beyond-durable", read_beyond_durable},
}};

planted_fault asked_for() {
    const char* asked = std::getenv("LOGSTORE_PLANTED_FAULT");
    if (asked == nullptr || *asked == '\0') return none;
    for (const auto& [name, fault] : names)
        if (name == asked) return fault;
    CHECK(false, "LOGSTORE_PLANTED_FAULT={} is not a planted fault", asked);
}

}  // namespace

bool is_planted(planted_fault which) {
    static const planted_fault planted = asked_for();
    return planted == which;
}

}  // namespace logstore

#endif
