// A closed loop of produce requests: each connection sends the next one when the one before is answered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/latency_histogram.h"
#include "env/completion.h"
#include "env/environment.h"
#include "kafka/client/client_connection.h"
#include "model/topic_partition.h"

namespace logstore::app {

/// What came of a run.
struct loop_tally {
    std::uint64_t sent = 0;
    std::uint64_t succeeded = 0;  ///< acknowledged without an error
    std::uint64_t failed = 0;     ///< everything else that was sent
    std::uint32_t connections_lost = 0;
    /// Why the first of the failed ones failed; empty when none did.
    std::string first_failure;
    /// Of the successful ones.
    latency_histogram latencies;
    /// From the first request to the last answer.
    env::duration elapsed{0};
};

/// Any number of connections of one executor, one request in flight on each, acks=all. A request is encoded
/// once a connection and sent again and again: a request costs the client one send, one receive and no
/// memory. A connection that breaks stays out; the others do its part.
class closed_loop {
  public:
    /// Sends `requests` in all.
    closed_loop(env::environment world, std::uint64_t requests);
    ~closed_loop();
    closed_loop(const closed_loop&) = delete;
    closed_loop& operator=(const closed_loop&) = delete;

    /// One more connection, which leads to the leader of `to` and appends `batch` there. Before run().
    result<> add(std::unique_ptr<kafka::client_connection> connection, const topic_partition& to,
                 bytes_view batch);
    /// Completes when every request is answered or has failed. Once. REQUIRES: a connection.
    env::task<void> run();
    /// Sends no more requests; run() completes when those in flight are answered. Also before run().
    void stop() { left_ = 0; }

    /// While it runs, `elapsed` is not there yet.
    const loop_tally& tally() const { return tally_; }

  private:
    class worker;

    bool take_request();
    void count_failure(const error& why);
    void worker_done();

    env::environment world_;
    std::uint64_t left_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::size_t working_ = 0;
    loop_tally tally_;
    env::completion<bool> done_;
};

}  // namespace logstore::app
