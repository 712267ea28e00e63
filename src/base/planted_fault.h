// Faults that a test build carries and switches on one at a time, to prove that the tests would find each of them. Test builds
// are those with the address sanitizer, which nobody serves from; in any other is_planted() is the constant false.
//
// docs/planted-faults.md says what each one breaks and which test finds it; tests/planted holds the table to its word.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOGSTORE_PLANTED_FAULTS
#endif
#endif

namespace logstore {

enum class planted_fault {
    none,
    journal_without_flush,             // a group is acknowledged when the device has it in its cache
    acknowledged_before_write,         // a group is acknowledged when its write begins
    segment_without_flush,             // the journal lets go of what a segment's file was never flushed for
    roll_without_directory_flush,      // the name of a new segment file is not made durable
    rename_without_directory_flush,    // nor that of a replaced file
    replaced_without_flush,            // a replaced file gets its name before its bytes
    flush_retried_after_error,         // the second flush of a failed one is believed
    journal_write_failure_ignored,     // a group whose write failed is acknowledged
    recovery_through_page_cache,       // recovery believes what memory says of the disk
    recovery_without_checksums,        // recovery takes damaged groups for good
    damage_taken_for_torn_tail,        // damage before the last group cuts the journal there
    group_before_durable_predecessor,  // group n+1 is begun before n is durable
    short_write_taken_as_success,      // the rest of a write that the kernel cut short is forgotten
    index_trusted,                     // index files are used whatever their checksum
    journal_reused_too_early,          // a file is used again one checkpoint before it may be
    settled_block_without_image,       // a settled block is rewritten before its image is in the journal
    salt_kept,                         // every start of the store gives its journals the same salt
    tail_not_copied_forward,           // the journal lets go of ragged ends without a copy
    deletion_without_tombstone,        // the metadata does not remember a deleted topic
    point_before_flush,                // a recovery point covers what its segment's file was not flushed for
    served_before_checkpoint,          // journals start again before recovery's own points are durable
    log_start_after_unlink,            // segments go before the new log start is durable
    read_beyond_durable,               // a reader sees what a power cut may take back
};

#ifdef LOGSTORE_PLANTED_FAULTS
/// Whether LOGSTORE_PLANTED_FAULT in the environment named this one, with dashes, when the process first asked. An unknown
/// name ends the process.
bool is_planted(planted_fault which);
#else
constexpr bool is_planted(planted_fault) { return false; }
#endif

}  // namespace logstore
