// Appends over HTTP.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "app/bench/http_answer_reader.h"
#include "app/bench/lane.h"
#include "app/bench/payload.h"
#include "env/environment.h"

namespace logstore::app::bench {

/// Makes the requests of one run: `POST /append` of one record. Unmarked ones are made once a partition.
class http_requests {
  public:
    /// `values` outlives it. REQUIRES: one record a request.
    http_requests(std::string host, std::string topic, std::optional<std::uint32_t> marked_run,
                  const payload& values);

    env::shared_bytes request(const append_order& what);

  private:
    byte_vector encode(const append_order& what) const;

    const std::string host_;
    const std::string topic_;
    const std::optional<std::uint32_t> marked_run_;
    const payload& values_;
    std::map<partition_id, env::shared_bytes> made_;
};

/// One kept connection; what is under way is pipelined. A request that is not answered in time, and anything
/// that is no answer, loses the connection.
class http_lane final : public lane, private env::stream_handler {
  public:
    static constexpr env::duration answer_timeout = std::chrono::seconds(30);

    /// `requests` outlives it.
    static env::task<result<std::unique_ptr<lane>>> connect(env::environment world, env::socket_address to,
                                                            http_requests* requests);
    ~http_lane() override;

    std::expected<void, refusal> send(const append_order& what) override;
    void flush() override;
    void listen(lane_listener& told) override { told_ = &told; }

  private:
    http_lane(env::environment world, std::unique_ptr<env::stream> stream, http_requests& requests);

    void on_received(bytes_view bytes) override;
    void on_closed(error why) override;
    void tell(const std::expected<void, refusal>& outcome);
    void arm_timer(env::monotonic_time when);
    void lose(std::string kind, std::string sentence);

    env::environment world_;
    std::unique_ptr<env::stream> stream_;
    http_requests& requests_;
    lane_listener* told_ = nullptr;
    http_answer_reader reader_;
    /// Until when each request under way has to be answered.
    std::deque<env::monotonic_time> deadlines_;
    std::optional<env::timer_id> timer_;
    std::optional<refusal> lost_;
};

}  // namespace logstore::app::bench
