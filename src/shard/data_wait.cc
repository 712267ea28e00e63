#include "shard/data_wait.h"

namespace logstore {
namespace {

struct fire_message final : env::remote_message {
    explicit fire_message(std::shared_ptr<data_wait> the_wait) : wait(std::move(the_wait)) {}
    void run() override {
        const std::unique_ptr<fire_message> self(this);
        wait->finish();
    }
    std::shared_ptr<data_wait> wait;
};

}  // namespace

void data_wait::on_tablet_changed() {
    if (fired_.exchange(true, std::memory_order_relaxed)) return;
    home_.send(new fire_message(shared_from_this()));
}

void data_wait::finish() {
    if (finished_) return;
    finished_ = true;
    if (timer_ != 0) home_.cancel_timer(timer_);
    if (waiter_) std::exchange(waiter_, {}).resume();
}

env::task<> data_wait::wait(env::monotonic_time until, wait_signal* cancel) {
    struct awaiter {
        data_wait& self;
        bool await_ready() const noexcept { return self.finished_; }
        void await_suspend(std::coroutine_handle<> waiting) noexcept { self.waiter_ = waiting; }
        void await_resume() const noexcept {}
    };
    const std::shared_ptr<data_wait> self = shared_from_this();
    if (cancel != nullptr) {
        if (cancel->is_set()) finish();
        else cancel->when_set([self] { self->finish(); });
    }
    if (!finished_) timer_ = home_.start_timer(until, [self] { self->timer_ = 0; self->finish(); });
    co_await awaiter{*this};
    if (cancel != nullptr) cancel->when_set(nullptr);
}

}  // namespace logstore
