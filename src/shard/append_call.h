// One batch on its way into one tablet and its outcome on the way back.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "env/executor.h"
#include "model/numbers.h"
#include "model/topic_partition.h"
#include "tablet/tablet_errc.h"

namespace logstore {

class shard;

/// How an append ended. For tablet_errc::ok the batch is on stable storage.
struct append_outcome {
    tablet_errc code = tablet_errc::ok;
    offset base_offset{-1};
    offset log_start_offset{-1};
    /// Only with LogAppendTime, else no_timestamp.
    timestamp_ms append_time = no_timestamp;
    /// A sentence for the client when the batch breaks a rule; static text.
    const char* message = nullptr;
};

/// The caller's object for one append: filled in, given to shard::append, and not touched again until on_appended, which is
/// called exactly once, on the shard it was given to, never from inside shard::append. The caller may destroy it from there on.
///
/// The batch is copied before shard::append returns when shard::is_local(tablet); else `owner` must keep its bytes alive
/// and unchanged (null is allowed only for local tablets).
class append_call : public env::remote_message {
  public:
    tablet_id tablet;
    bytes_view batch;
    std::shared_ptr<const void> owner;
    append_outcome outcome;

    virtual void on_appended() = 0;

  private:
    friend class shard;
    friend class remote_append;
    void run() final;

    shard* home_ = nullptr;
    shard* target_ = nullptr;
    bool returning_ = false;
};

}  // namespace logstore
