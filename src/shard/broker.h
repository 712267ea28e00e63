// What a front door needs of the broker behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/topic_directory.h"
#include "env/environment.h"
#include "env/task.h"
#include "model/numbers.h"
#include "model/topic_id.h"
#include "model/topic_partition.h"
#include "shard/append_call.h"
#include "shard/log_start.h"
#include "shard/read.h"
#include "shard/tablet_size.h"
#include "shard/wait_signal.h"
#include "tablet/keys.h"

namespace logstore {

/// The broker as one shard sees it: topics and tablets, wherever they are. Every function belongs to that
/// shard's thread.
class broker {
  public:
    virtual ~broker() = default;

    virtual env::environment& world() = 0;
    virtual broker_id node() const = 0;
    virtual leader_epoch epoch() const = 0;
    virtual const std::string& cluster_id() const = 0;

    /// The topics as this shard knows them; another image takes its place when they change.
    virtual const std::shared_ptr<const cluster::topic_image>& topics() const = 0;
    /// Whether this shard owns the tablet: then append() copies the batch before it returns.
    virtual bool is_local(const tablet_id& tablet) const = 0;

    /// Appends to a tablet of any shard (shard/append_call.h). The order of calls is the order of appends,
    /// for each tablet.
    virtual void append(append_call& call) = 0;
    /// Calls the listener once, later in this turn of the loop, when all on_appended of a durable group were
    /// called.
    virtual void after_burst(burst_listener& listener) = 0;

    /// Reads below the high watermark (shard/read.h). Never waits for data.
    virtual env::task<read_outcome> read(read_request request) = 0;
    /// Completes when a high watermark has passed the one seen, a tablet has gone, the time has come, or
    /// `cancel` is set.
    virtual env::task<void> wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until,
                                          wait_signal* cancel) = 0;
    virtual env::task<list_offset_outcome> list_offset(list_offset_request request) = 0;
    virtual env::task<epoch_end_outcome> find_epoch_end(epoch_end_request request) = 0;
    /// Durable when it completes with ok. Readers are refused what lies below at once; its room on disk comes
    /// back segment by segment.
    virtual env::task<log_start_outcome> move_log_start(log_start_request request) = 0;

    // By key, for topics with a view (kv.enabled). All but the last wait until the view has caught up with what
    // was acknowledged before the call, for a limited time; then the code is view_building. A broker without
    // views says no_view.
    virtual env::task<key_read_outcome> read_keys(key_read_request) { co_return no_view<key_read_outcome>(); }
    virtual env::task<key_scan_outcome> scan_keys(key_scan_request) { co_return no_view<key_scan_outcome>(); }
    virtual env::task<key_write_outcome> write_keys(key_write_request) {
        co_return no_view<key_write_outcome>();
    }
    virtual env::task<key_count_outcome> count_keys(tablet_id) { co_return no_view<key_count_outcome>(); }
    virtual env::task<key_view_status> key_view(tablet_id) { co_return no_view<key_view_status>(); }

    /// What tablets of any shard take on disk, in the order asked. The first time after a start their files
    /// are listed; later it costs no more than the message to their shards.
    virtual env::task<std::vector<tablet_size>> sizes(std::vector<tablet_id> tablets) = 0;
    /// The folder that holds the tablets, and the room in its file system.
    virtual const std::string& log_folder() const = 0;
    virtual env::task<result<env::file_system_space>> space() = 0;

    /// What a topic has where its own configs do not say.
    virtual const cluster::topic_settings& topic_defaults() const = 0;
    /// Complete when every shard knows. Errors are of cluster/errc.h, or tablet_errc::stopping.
    virtual env::task<result<cluster::topic>> create_topic(cluster::new_topic wanted) = 0;
    virtual env::task<result<>> delete_topic(topic_id id) = 0;
    /// The topic gets partitions until it has `partition_count`, all of them or, also over a crash, none.
    /// With validate_only it is only said whether that could be. Complete and failing as create_topic.
    virtual env::task<result<cluster::topic>> add_partitions(std::string topic, std::int32_t partition_count,
                                                             bool validate_only) = 0;

  private:
    template <class Outcome>
    static Outcome no_view() {
        Outcome out;
        out.code = tablet_errc::no_view;
        return out;
    }
};

}  // namespace logstore
