// The broker behind the front doors, on the shards of this process.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/absolute_path.h"
#include "shard/broker.h"
#include "shard/store.h"

namespace logstore {

/// `broker` for one shard of a store. Belongs to that shard's thread; the store outlives it.
class store_broker final : public broker {
  public:
    store_broker(store& whole, std::uint32_t shard_index)
        : store_(whole), shard_(whole.at(shard_index)), log_folder_(env::absolute_path(whole.log_folder())) {}

    env::environment& world() override { return shard_.world(); }
    broker_id node() const override { return broker_id(0); }
    leader_epoch epoch() const override { return leader_epoch(store_.boot().value()); }
    const std::string& cluster_id() const override { return store_.cluster_id(); }
    const std::shared_ptr<const cluster::topic_image>& topics() const override {
        return store_.topics(shard_.id());
    }
    bool is_local(const tablet_id& tablet) const override { return shard_.is_local(tablet); }

    void append(append_call& call) override { shard_.append(call); }
    void after_burst(burst_listener& listener) override { shard_.after_burst(listener); }
    env::task<read_outcome> read(read_request request) override { return shard_.read(request); }
    env::task<void> wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until,
                                  wait_signal* cancel) override {
        return shard_.wait_for_data(std::move(seen), until, cancel);
    }
    env::task<list_offset_outcome> list_offset(list_offset_request request) override {
        return shard_.list_offset(request);
    }
    env::task<epoch_end_outcome> find_epoch_end(epoch_end_request request) override {
        return shard_.find_epoch_end(request);
    }
    env::task<log_start_outcome> move_log_start(log_start_request request) override {
        return shard_.move_log_start(request);
    }
    env::task<key_read_outcome> read_keys(key_read_request request) override {
        return shard_.read_keys(std::move(request));
    }
    env::task<key_scan_outcome> scan_keys(key_scan_request request) override {
        return shard_.scan_keys(std::move(request));
    }
    env::task<key_write_outcome> write_keys(key_write_request request) override {
        return shard_.write_keys(std::move(request));
    }
    env::task<key_count_outcome> count_keys(tablet_id tablet) override { return shard_.count_keys({tablet}); }
    env::task<key_view_status> key_view(tablet_id tablet) override { return shard_.key_view_of({tablet}); }
    env::task<std::vector<tablet_size>> sizes(std::vector<tablet_id> tablets) override {
        return shard_.sizes(std::move(tablets));
    }
    const std::string& log_folder() const override { return log_folder_; }
    env::task<result<env::file_system_space>> space() override { return shard_.space(); }

    const cluster::topic_settings& topic_defaults() const override { return store_.topic_defaults(); }
    env::task<result<cluster::topic>> create_topic(cluster::new_topic wanted) override {
        return store_.create_topic(&shard_, std::move(wanted));
    }
    env::task<result<>> delete_topic(topic_id id) override;
    env::task<result<cluster::topic>> add_partitions(std::string topic, std::int32_t partition_count,
                                                     bool validate_only) override {
        return store_.add_partitions(&shard_, std::move(topic), partition_count, validate_only);
    }

  private:
    store& store_;
    shard& shard_;
    const std::string log_folder_;
};

}  // namespace logstore
