#include "env/testing/sim_namespace.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace logstore::env {

namespace {

/// "a//./b" → a, b.
std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, slash);
        if (!part.empty() && part != ".") parts.push_back(part);
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

}  // namespace

sim_namespace::sim_namespace() : root_(std::make_shared<sim_inode>(true)) {
    root_->is_named = true;
}

sim_namespace::answer<sim_inode_reference> sim_namespace::walk(std::string_view path,
                                                               name_map sim_inode::* names) const {
    sim_inode_reference at = root_;
    for (const auto part : parts_of(path)) {
        if (!at->is_directory) return std::unexpected(std::errc::not_a_directory);
        if (part == "..") return std::unexpected(std::errc::invalid_argument);
        const auto& known = (*at).*names;
        const auto found = known.find(part);
        if (found == known.end()) return std::unexpected(std::errc::no_such_file_or_directory);
        at = found->second;
    }
    return at;
}

sim_namespace::answer<sim_inode_reference> sim_namespace::find(std::string_view path) const {
    return walk(path, &sim_inode::names);
}

sim_namespace::answer<sim_inode_reference> sim_namespace::find_stable(std::string_view path) const {
    return walk(path, &sim_inode::stable_names);
}

sim_namespace::answer<sim_namespace::place> sim_namespace::parent_of(std::string_view path) const {
    const auto parts = parts_of(path);
    if (parts.empty() || parts.back() == "..") return std::unexpected(std::errc::invalid_argument);
    const auto end_of_parent = static_cast<std::size_t>(parts.back().data() - path.data());
    auto directory = find(path.substr(0, end_of_parent));
    if (!directory) return std::unexpected(directory.error());
    if (!(*directory)->is_directory) return std::unexpected(std::errc::not_a_directory);
    if (parts.back().size() > 255) return std::unexpected(std::errc::filename_too_long);
    return place{std::move(*directory), std::string(parts.back())};
}

void sim_namespace::change(std::vector<name_change> changes) {
    for (const auto& one : changes) {
        auto& names = one.directory->names;
        if (one.target) {
            names[one.name] = one.target;
        } else {
            names.erase(one.name);
        }
    }
    unstable_.push_back({++last_change_, std::move(changes)});
}

sim_namespace::answer<sim_inode_reference> sim_namespace::create(std::string_view path, bool directory) {
    auto where = parent_of(path);
    if (!where) return std::unexpected(where.error());
    if (where->directory->names.contains(where->name)) return std::unexpected(std::errc::file_exists);
    auto made = std::make_shared<sim_inode>(directory);
    made->is_named = true;
    change({{where->directory, where->name, made}});
    return made;
}

sim_namespace::answer<sim_inode_reference> sim_namespace::remove(std::string_view path, bool directory) {
    auto where = parent_of(path);
    if (!where) return std::unexpected(where.error());
    const auto found = where->directory->names.find(where->name);
    if (found == where->directory->names.end()) return std::unexpected(std::errc::no_such_file_or_directory);
    const sim_inode_reference removed = found->second;
    if (removed->is_directory && !directory) return std::unexpected(std::errc::is_a_directory);
    if (!removed->is_directory && directory) return std::unexpected(std::errc::not_a_directory);
    if (!removed->names.empty()) return std::unexpected(std::errc::directory_not_empty);
    change({{where->directory, where->name, nullptr}});
    removed->is_named = false;
    return removed;
}

sim_namespace::answer<sim_inode_reference> sim_namespace::rename(std::string_view from, std::string_view to) {
    auto source = parent_of(from);
    if (!source) return std::unexpected(source.error());
    auto target = parent_of(to);
    if (!target) return std::unexpected(target.error());
    const auto moved_at = source->directory->names.find(source->name);
    if (moved_at == source->directory->names.end())
        return std::unexpected(std::errc::no_such_file_or_directory);
    const sim_inode_reference moved = moved_at->second;

    const auto from_parts = parts_of(from);
    const auto to_parts = parts_of(to);
    if (from_parts == to_parts) return sim_inode_reference();
    const bool into_itself = to_parts.size() > from_parts.size() &&
                             std::equal(from_parts.begin(), from_parts.end(), to_parts.begin());
    if (into_itself) return std::unexpected(std::errc::invalid_argument);

    sim_inode_reference replaced;
    if (const auto there = target->directory->names.find(target->name);
        there != target->directory->names.end()) {
        replaced = there->second;
        if (replaced->is_directory && !moved->is_directory) return std::unexpected(std::errc::is_a_directory);
        if (!replaced->is_directory && moved->is_directory)
            return std::unexpected(std::errc::not_a_directory);
        if (!replaced->names.empty()) return std::unexpected(std::errc::directory_not_empty);
        replaced->is_named = false;
    }
    change({{source->directory, source->name, nullptr}, {target->directory, target->name, moved}});
    return replaced;
}

void sim_namespace::make_stable(const operation& done) {
    for (const auto& one : done.changes) {
        auto& names = one.directory->stable_names;
        if (one.target) {
            names[one.name] = one.target;
        } else {
            names.erase(one.name);
        }
    }
}

void sim_namespace::sync(sim_inode& directory, std::uint64_t up_to) {
    // Backwards: what an operation needs of earlier ones (they changed a name that it changes) becomes stable
    // with it.
    std::set<std::pair<const sim_inode*, std::string_view>> needed;
    std::vector<bool> chosen(unstable_.size(), false);
    for (std::size_t i = unstable_.size(); i-- > 0;) {
        const auto& candidate = unstable_[i];
        if (candidate.number > up_to) continue;
        chosen[i] = std::ranges::any_of(candidate.changes, [&](const name_change& one) {
            return one.directory.get() == &directory || needed.contains({one.directory.get(), one.name});
        });
        if (!chosen[i]) continue;
        for (const auto& one : candidate.changes) needed.emplace(one.directory.get(), one.name);
    }
    std::deque<operation> rest;
    for (std::size_t i = 0; i < unstable_.size(); ++i) {
        if (chosen[i]) {
            make_stable(unstable_[i]);
        } else {
            rest.push_back(std::move(unstable_[i]));
        }
    }
    unstable_ = std::move(rest);
}

void sim_namespace::crash(sim_random& random, sim_crash_style style, sim_crash_counters& counters) {
    // Now and then as a journalling file system does it: everything up to some moment, nothing after it.
    const bool in_order = random.one_in(3);
    const std::uint64_t kept_in_order = random.between(0, unstable_.size());
    std::set<std::pair<const sim_inode*, std::string_view>> lost_names;
    for (std::size_t i = 0; i < unstable_.size(); ++i) {
        const auto& candidate = unstable_[i];
        bool kept = in_order ? i < kept_in_order : random.coin();
        if (style != sim_crash_style::mixed) kept = style == sim_crash_style::keep_unflushed;
        for (const auto& one : candidate.changes) {
            kept = kept && !lost_names.contains({one.directory.get(), one.name});
        }
        if (kept) {
            ++counters.names_kept;
            make_stable(candidate);
        } else {
            ++counters.names_lost;
            for (const auto& one : candidate.changes) lost_names.emplace(one.directory.get(), one.name);
        }
    }
    unstable_.clear();
    const std::function<void(sim_inode&)> restore = [&restore](sim_inode& directory) {
        directory.names = directory.stable_names;
        for (auto& [name, child] : directory.names) {
            child->is_named = true;
            if (child->is_directory) restore(*child);
        }
    };
    restore(*root_);
}

std::vector<sim_inode_reference> sim_namespace::all() const {
    std::vector<sim_inode_reference> found;
    const std::function<void(const sim_inode_reference&)> visit = [&](const sim_inode_reference& at) {
        found.push_back(at);
        for (const auto& [name, child] : at->names) visit(child);
    };
    visit(root_);
    return found;
}

}  // namespace logstore::env
