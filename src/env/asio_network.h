// TCP on an Asio loop. Private to env.
#pragma once

#include "env/asio_executor.h"
#include "env/tcp_connection.h"
#include "env/worker_pool.h"

namespace logstore::env {

/// The sockets of one executor. Names of hosts are resolved on `resolver`.
class asio_network final : public network {
  public:
    asio_network(asio_executor& loop, worker_pool& resolver) : loop_(loop), resolver_(resolver) {}

    result<std::unique_ptr<listener>> listen(
        socket_address at, bool shared,
        std::move_only_function<void(std::unique_ptr<stream>)> on_accept) override;
    task<result<std::unique_ptr<stream>>> connect(socket_address to) override;

  private:
    asio_executor& loop_;
    worker_pool& resolver_;
    receive_scratch scratch_;
};

}  // namespace logstore::env
