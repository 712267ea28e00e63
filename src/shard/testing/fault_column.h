// What goes wrong with the disk in a column of the fault matrix (docs/reliability.md). For tests.
#pragma once

#include <array>
#include <string_view>

namespace logstore {

enum class fault_column {
    /// The power fails at the n-th operation of the disk.
    power_cut,
    /// The n-th operation ends in EIO, and no other.
    error_once,
    /// So does every one from the n-th on.
    errors_from,
    /// Of the n-th write only a part is written, then ENOSPC.
    short_write,
    /// The n-th operation ends in ENOSPC, whatever it is: a flush, a rename, a read, too.
    no_space_once,
    /// The disk has room for n blocks more.
    no_space,
    /// The n-th flush, of a file, a directory or a write, does not end for a long time; every other time the
    /// power fails meanwhile.
    slow_flush,
    /// After a power cut the recovery is cut at its n-th operation.
    cut_in_recovery,
    /// After a power cut the recovery's n-th operation ends in EIO.
    error_in_recovery,
};

inline constexpr std::array all_fault_columns{
    fault_column::power_cut,   fault_column::error_once,      fault_column::errors_from,
    fault_column::short_write, fault_column::no_space_once,   fault_column::no_space,
    fault_column::slow_flush,  fault_column::cut_in_recovery, fault_column::error_in_recovery,
};

/// As the names of tests say it.
constexpr std::string_view name_of(fault_column column) {
    switch (column) {
        case fault_column::power_cut: return "power_cut";
        case fault_column::error_once: return "error_once";
        case fault_column::errors_from: return "errors_from";
        case fault_column::short_write: return "short_write";
        case fault_column::no_space_once: return "no_space_once";
        case fault_column::no_space: return "no_space";
        case fault_column::slow_flush: return "slow_flush";
        case fault_column::cut_in_recovery: return "cut_in_recovery";
        case fault_column::error_in_recovery: return "error_in_recovery";
    }
    return "?";
}

constexpr bool is_of_recovery(fault_column column) {
    return column == fault_column::cut_in_recovery || column == fault_column::error_in_recovery;
}

}  // namespace logstore
