// The names of a simulated disk: directories, and which of their changes survive a power cut.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "env/testing/sim_file_image.h"

namespace logstore::env {

/// A file or a directory, whatever its name is now.
struct sim_inode {
    explicit sim_inode(bool directory) : is_directory(directory) {}

    const bool is_directory;
    sim_file_image bytes;
    /// Of a directory: the names a process sees, and those that survive for certain.
    std::map<std::string, std::shared_ptr<sim_inode>, std::less<>> names;
    std::map<std::string, std::shared_ptr<sim_inode>, std::less<>> stable_names;
    /// Has a name; open handles. Space is given back when neither is left.
    bool is_named = false;
    std::uint32_t handles = 0;
};
using sim_inode_reference = std::shared_ptr<sim_inode>;

/// The tree of names. Changes take effect at once and become stable by sync() of their directory alone; a
/// rename between two directories becomes stable with either. Paths are taken from the root; empty parts and
/// "." count for nothing, and ".." is refused. Errors are errno values.
class sim_namespace {
  public:
    template <class T>
    using answer = std::expected<T, std::errc>;

    sim_namespace();

    answer<sim_inode_reference> find(std::string_view path) const;
    /// By the stable names alone.
    answer<sim_inode_reference> find_stable(std::string_view path) const;
    /// Makes a file or directory that is not there.
    answer<sim_inode_reference> create(std::string_view path, bool directory);
    /// Takes a name away; `directory` says what it must be.
    answer<sim_inode_reference> remove(std::string_view path, bool directory);
    /// The answer is what the new name stood for until now (may be null).
    answer<sim_inode_reference> rename(std::string_view from, std::string_view to);

    /// The number of the last change: what a sync that begins now covers.
    std::uint64_t last_change() const { return last_change_; }
    /// Changes in the directory up to that number are stable.
    void sync(sim_inode& directory, std::uint64_t up_to);
    /// The power fails and comes back: changes that are not stable happened or not. Of one name, a later
    /// change survives only when the earlier ones do.
    void crash(sim_random& random, sim_crash_style style, sim_crash_counters& counters);

    /// Every file and directory that has a name, in the order of their paths.
    std::vector<sim_inode_reference> all() const;

  private:
    using name_map = decltype(sim_inode::names);
    struct name_change {
        sim_inode_reference directory;
        std::string name;
        sim_inode_reference target;  // null: the name goes
    };
    struct operation {
        std::uint64_t number;
        std::vector<name_change> changes;
    };
    struct place {
        sim_inode_reference directory;
        std::string name;
    };

    answer<sim_inode_reference> walk(std::string_view path, name_map sim_inode::* names) const;
    answer<place> parent_of(std::string_view path) const;
    void change(std::vector<name_change> changes);
    static void make_stable(const operation& done);

    sim_inode_reference root_;
    std::deque<operation> unstable_;
    std::uint64_t last_change_ = 0;
};

}  // namespace logstore::env
