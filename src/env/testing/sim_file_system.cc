#include "env/testing/sim_file_system.h"

#include <utility>

#include "env/testing/sim_disk_request.h"
#include "env/testing/sim_file.h"

namespace logstore::env {

/// Gives the lock back, unless its process has ended.
class sim_directory_lock final : public directory_lock {
  public:
    sim_directory_lock(sim_disk& disk, std::uint64_t process, sim_inode_reference locked)
        : disk_(disk), process_(process), locked_(std::move(locked)) {
        ++locked_->handles;
    }
    ~sim_directory_lock() override {
        if (process_ != disk_.process_) return;
        disk_.locked_.erase(locked_.get());
        --locked_->handles;
        disk_.let_go(*locked_);
    }

  private:
    sim_disk& disk_;
    const std::uint64_t process_;
    const sim_inode_reference locked_;
};

namespace {

using kind = sim_disk_operation_kind;

std::error_code error_of(std::errc code) {
    return {static_cast<int>(code), std::generic_category()};
}

result<> result_of(std::error_code code, const char* verb, const std::string& path) {
    if (!code) return {};
    return fail(code, std::string(verb) + " " + path);
}

}  // namespace

std::error_code sim_file_system::open_now(const std::string& path, const open_options& options,
                                          sim_inode_reference& opened) {
    auto found = disk_.names_.find(path);
    if (found && options.create && options.exclusive) return error_of(std::errc::file_exists);
    if (!found && found.error() == std::errc::no_such_file_or_directory && options.create) {
        found = disk_.names_.create(path, false);
    }
    if (!found) return error_of(found.error());
    if ((*found)->is_directory) return error_of(std::errc::is_a_directory);
    opened = *found;
    return {};
}

task<result<std::unique_ptr<file>>> sim_file_system::open(std::string path, open_options options) {
    sim_inode_reference opened;
    sim_disk_request request(disk_, on_, process_, kind::open, path);
    request.apply = [&] { return open_now(path, options, opened); };
    const auto code = co_await request;
    if (code) co_return fail(code, "open " + path);
    co_return std::make_unique<sim_file>(disk_, on_, process_, path, std::move(opened), options);
}

task<result<>> sim_file_system::make_directory(std::string path) {
    sim_disk_request request(disk_, on_, process_, kind::make_directory, path);
    request.apply = [&] {
        const auto made = disk_.names_.create(path, true);
        if (made) return std::error_code();
        const auto there = disk_.names_.find(path);
        if (there && (*there)->is_directory) return std::error_code();
        return error_of(made.error());
    };
    const auto code = co_await request;
    co_return result_of(code, "make directory", path);
}

task<result<std::vector<directory_entry>>> sim_file_system::list(std::string path) {
    std::vector<directory_entry> entries;
    sim_disk_request request(disk_, on_, process_, kind::list, path);
    request.apply = [&] {
        const auto found = disk_.names_.find(path);
        if (!found) return error_of(found.error());
        if (!(*found)->is_directory) return error_of(std::errc::not_a_directory);
        for (const auto& [name, inode] : (*found)->names) entries.push_back({name, inode->is_directory});
        return std::error_code();
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "list " + path);
    co_return std::move(entries);
}

task<result<bool>> sim_file_system::exists(std::string path) {
    bool is_there = false;
    sim_disk_request request(disk_, on_, process_, kind::exists, path);
    request.apply = [&] {
        const auto found = disk_.names_.find(path);
        is_there = found.has_value();
        const bool absent = !found && (found.error() == std::errc::no_such_file_or_directory ||
                                       found.error() == std::errc::not_a_directory);
        return found || absent ? std::error_code() : error_of(found.error());
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "look for " + path);
    co_return is_there;
}

task<result<>> sim_file_system::rename(std::string from, std::string to) {
    sim_disk_request request(disk_, on_, process_, kind::rename, from + " -> " + to);
    request.apply = [&] {
        const auto replaced = disk_.names_.rename(from, to);
        if (!replaced) return error_of(replaced.error());
        if (*replaced) disk_.let_go(**replaced);
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "rename", from + " to " + to);
}

task<result<>> sim_file_system::remove_file(std::string path) {
    sim_disk_request request(disk_, on_, process_, kind::remove_file, path);
    request.apply = [&] {
        const auto removed = disk_.names_.remove(path, false);
        if (!removed) return error_of(removed.error());
        disk_.let_go(**removed);
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "remove", path);
}

task<result<>> sim_file_system::remove_directory(std::string path) {
    sim_disk_request request(disk_, on_, process_, kind::remove_directory, path);
    request.apply = [&] {
        const auto removed = disk_.names_.remove(path, true);
        return removed ? std::error_code() : error_of(removed.error());
    };
    const auto code = co_await request;
    co_return result_of(code, "remove directory", path);
}

task<result<>> sim_file_system::sync_directory(std::string path) {
    std::uint64_t covered = 0;
    sim_disk_request request(disk_, on_, process_, kind::sync_directory, path);
    request.begin = [&] { covered = disk_.names_.last_change(); };
    request.apply = [&] {
        const auto found = disk_.names_.find(path);
        if (!found) return error_of(found.error());
        if (!(*found)->is_directory) return error_of(std::errc::not_a_directory);
        disk_.names_.sync(**found, covered);
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "sync directory", path);
}

task<result<file_system_space>> sim_file_system::space(std::string path) {
    file_system_space space;
    sim_disk_request request(disk_, on_, process_, kind::space, path);
    request.apply = [&] {
        const auto found = disk_.names_.find(path);
        if (!found) return error_of(found.error());
        space.total_bytes = disk_.total_bytes_;
        space.free_bytes = disk_.free_bytes();
        return std::error_code();
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "space of " + path);
    co_return space;
}

task<result<std::unique_ptr<directory_lock>>> sim_file_system::lock(std::string path) {
    std::unique_ptr<directory_lock> held;
    sim_disk_request request(disk_, on_, process_, kind::lock, path);
    request.apply = [&] {
        sim_inode_reference opened;
        open_options options = open_options::read_write();
        options.creating();
        if (const auto code = open_now(path, options, opened)) return code;
        if (!disk_.locked_.insert(opened.get()).second)
            return error_of(std::errc::resource_unavailable_try_again);
        held = std::make_unique<sim_directory_lock>(disk_, process_, std::move(opened));
        return std::error_code();
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "lock " + path);
    co_return std::move(held);
}

}  // namespace logstore::env
