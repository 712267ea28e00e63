// What the tests of the topic directory share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/memory_metadata_store.h"
#include "cluster/testing/simulated_process.h"
#include "cluster/topic_directory.h"

namespace logstore::cluster {

template <class T>
std::error_code code_of(const result<T>& outcome) {
    return outcome ? std::error_code() : outcome.error().code;
}

/// A directory on a store in memory.
class topic_directory_test : public testing::Test {
  protected:
    ~topic_directory_test() override {
        stop();
        process.wait(store.close());
    }

    std::unique_ptr<topic_directory> open_another(topic_directory_options with = {}) {
        auto opened = process.wait(topic_directory::open(&store, &process.loop, &process.random, with));
        CHECK(opened.has_value(), "{}", opened.error().message());
        return std::move(*opened);
    }
    void open(topic_directory_options with = {}) {
        stop();
        directory = open_another(with);
    }
    void stop() {
        if (directory != nullptr) process.wait(directory->stop());
        directory.reset();
    }

    result<topic> create(const std::string& name, std::optional<std::int32_t> partitions = std::nullopt,
                         topic_configs configs = {}, bool validate_only = false) {
        return process.wait(directory->create_topic({name, partitions, std::move(configs), validate_only}));
    }
    auto start_create(const std::string& name, std::int32_t partitions = 1) {
        return env::start(process.loop, directory->create_topic({name, partitions, {}, false}));
    }
    result<deleted_topic> remove(const std::string& name) {
        return process.wait(directory->delete_topic(name));
    }
    result<topic> alter(const std::string& name, std::vector<config_change> changes,
                        bool validate_only = false) {
        return process.wait(directory->alter_configs(name, std::move(changes), validate_only));
    }
    result<topic> grow(const std::string& name, std::int32_t partitions, bool validate_only = false) {
        return process.wait(directory->add_partitions(name, partitions, validate_only));
    }
    static std::vector<std::string> names_in(const topic_image& image) {
        std::vector<std::string> all;
        for (const topic_ptr& each : image.topics()) all.push_back(each->name);
        return all;
    }
    std::vector<std::string> names() { return names_in(*directory->image()); }

    simulated_process process;
    memory_metadata_store store{process.loop};
    std::unique_ptr<topic_directory> directory = open_another();
};

}  // namespace logstore::cluster
