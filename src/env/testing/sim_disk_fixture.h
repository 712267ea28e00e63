// What the tests of the simulated disk share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/aligned_buffer.h"
#include "env/testing/sim_file_system.h"
#include "env/testing/sim_run.h"

namespace logstore::env {

/// One process on one disk, with calls that wait for their end.
class sim_disk_test : public ::testing::Test {
  public:
    template <class T>
    T wait(task<T> work) {
        return run(loop, std::move(work));
    }
    std::unique_ptr<file> open(const std::string& path, open_options options) {
        auto opened = wait(files->open(path, options));
        CHECK(opened.has_value(), "{}", opened.error().message());
        return std::move(*opened);
    }
    std::unique_ptr<file> open_buffered(const std::string& path) {
        return open(path, open_options::read_write().creating());
    }
    std::unique_ptr<file> open_direct(const std::string& path) {
        return open(path, open_options::read_write().creating().directly());
    }
    /// The power fails and comes back; a new process starts.
    void crash(std::uint64_t seed = 1, sim_crash_style style = sim_crash_style::mixed) {
        disk.crash(seed, style);
        start_process();
    }
    void start_process() {
        scheduler.run_until_idle();
        old_processes.push_back(std::move(files));
        files = std::make_unique<sim_file_system>(disk, loop);
    }
    std::string text(std::string_view path) {
        const auto bytes = disk.contents(path);
        return bytes ? std::string(text_of(*bytes)) : "absent";
    }
    std::string durable_text(std::string_view path) {
        const auto bytes = disk.durable_contents(path);
        return bytes ? std::string(text_of(*bytes)) : "absent";
    }
    std::string read_text(file& from, std::size_t length = 1'000'000) {
        byte_vector into(length);
        const auto count = wait(from.read(0, into));
        CHECK(count.has_value(), "{}", count.error().message());
        return std::string(text_of(bytes_view(into).first(*count)));
    }
    static aligned_buffer blocks(std::size_t count, char fill) {
        aligned_buffer buffer(count * block_bytes);
        std::memset(buffer.data(), fill, buffer.size());
        return buffer;
    }

    sim_scheduler scheduler{1};
    sim_clock time{scheduler.now()};
    sim_executor loop{scheduler, time};
    sim_disk disk{scheduler, 1};
    std::vector<std::unique_ptr<sim_file_system>> old_processes;
    std::unique_ptr<sim_file_system> files = std::make_unique<sim_file_system>(disk, loop);
};

inline constexpr auto errno_of = [](const auto& failed) {
    return failed.has_value() ? 0 : failed.error().code.value();
};

/// Writes numbered records, one durable block each; counts those that were acknowledged.
inline task<void> append_records(file_system& files, bool flushes, std::uint64_t* acknowledged) {
    auto options = open_options::read_write();
    options.creating().directly();
    auto opened = co_await files.open("log", options);
    if (!opened) co_return;
    const auto log = std::move(*opened);
    auto synced = co_await files.sync_directory("/");
    if (!synced) co_return;
    for (std::uint64_t i = 0; i < 5; ++i) {
        aligned_buffer record(block_bytes);
        store_big<std::uint64_t>(record.data(), i + 1);
        const auto written = co_await log->write(i * block_bytes, record.span());
        if (!written) co_return;
        if (flushes) {
            const auto flushed = co_await log->flush();
            if (!flushed) co_return;
        }
        *acknowledged = i + 1;
    }
}

}  // namespace logstore::env
