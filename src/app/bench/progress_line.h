// The line that says how far a run is.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/console.h"
#include "env/executor.h"

namespace logstore::app::bench {

/// While it lives, shows what `line` says twice a second. One executor.
class progress_line {
  public:
    static constexpr env::duration interval = std::chrono::milliseconds(500);

    progress_line(env::executor& loop, console& out, std::function<std::string()> line)
        : loop_(loop), out_(out), line_(std::move(line)) {
        wait();
    }
    ~progress_line() {
        loop_.cancel_timer(timer_);
        out_.show_progress({});
    }
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;

  private:
    void wait() {
        timer_ = loop_.start_timer(loop_.time().now() + interval, [this] {
            out_.show_progress(line_());
            wait();
        });
    }

    env::executor& loop_;
    console& out_;
    const std::function<std::string()> line_;
    env::timer_id timer_ = 0;
};

}  // namespace logstore::app::bench
