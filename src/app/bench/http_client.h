// Asks an HTTP server, one question at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/bench/http_answer_reader.h"
#include "env/completion.h"
#include "env/environment.h"

namespace logstore::app::bench {

/// One kept connection of one executor. After an error it is of no use any more.
class http_client final : private env::stream_handler {
  public:
    static constexpr env::duration answer_timeout = std::chrono::seconds(5);

    static env::task<result<std::unique_ptr<http_client>>> connect(env::environment world,
                                                                   env::socket_address to);
    /// REQUIRES: no get() under way.
    ~http_client() override;

    /// One at a time.
    env::task<result<http_answer>> get(std::string path);

  private:
    using answered = env::completion<result<http_answer>>;

    http_client(env::environment world, std::string host, std::unique_ptr<env::stream> stream);
    void on_received(bytes_view bytes) override;
    void on_closed(error why) override;
    void lose(std::string sentence);

    env::environment world_;
    const std::string host_;
    std::unique_ptr<env::stream> stream_;
    http_answer_reader reader_;
    std::optional<env::timer_id> timer_;
    /// Of the question under way.
    answered* waiting_ = nullptr;
    std::optional<std::string> lost_;
};

}  // namespace logstore::app::bench
