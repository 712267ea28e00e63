// A stream whose other end is the body of a test.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "env/executor.h"
#include "env/stream.h"

namespace logstore::env {

/// The other end: what the test gives and sees. Outlives the stream.
class stream_end {
  public:
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    explicit stream_end(env::executor& loop) : loop_(loop) {}
    stream_end(const stream_end&) = delete;

    /// Bytes arrive: in the handler's space first, then elsewhere. A paused handler gets them when it
    /// resumes.
    void deliver(bytes_view bytes) {
        waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
        give();
    }
    /// The peer sends no more, and reads on. Told when what was delivered is taken.
    void finish_sending() {
        has_finished_ = true;
        give();
    }
    /// The peer is gone.
    void close() { end(std::error_code()); }
    /// The kernel takes so many bytes from now on; what flush() cannot hand over stays pending.
    void take_at_most(std::size_t bytes) {
        room_ = bytes;
        const std::size_t before = pending_.size();
        push();
        if (handler_ != nullptr && pending_.size() < before) handler_->on_sent(pending_.size());
    }
    /// What the stream's user sent since the last call.
    byte_vector sent() { return std::exchange(sent_, {}); }
    std::size_t sent_bytes() const { return sent_.size(); }

    bool is_closed() const { return is_closed_; }
    bool is_paused() const { return is_paused_; }
    std::size_t flushes() const { return flushes_; }
    std::size_t pauses() const { return pauses_; }
    std::size_t waiting_bytes() const { return waiting_.size(); }
    std::size_t pending_bytes() const { return pending_.size(); }
    /// Bytes that went into a space of the handler.
    std::size_t bytes_into_space() const { return bytes_into_space_; }

  private:
    friend class test_stream;

    void give() {
        while (handler_ != nullptr && !is_paused_ && !waiting_.empty()) {
            const mutable_bytes space = handler_->receive_space();
            if (space.empty()) {
                // Memory of its own that is freed after the call, so that a sanitizer finds views which live
                // on.
                const std::size_t count = std::min(waiting_.size(), handler_->receive_max());
                const byte_vector bytes(waiting_.begin(),
                                        waiting_.begin() + static_cast<std::ptrdiff_t>(count));
                waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
                handler_->on_received(bytes);
            } else {
                const std::size_t count = std::min(space.size(), waiting_.size());
                std::copy_n(waiting_.begin(), count, space.begin());
                waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
                bytes_into_space_ += count;
                handler_->on_received(space.first(count));
            }
        }
        if (handler_ == nullptr || is_paused_ || !has_finished_ || std::exchange(knows_end_, true)) return;
        if (!handler_->on_peer_finished()) end(std::error_code());
    }
    void push() {
        const std::size_t count = std::min(room_, pending_.size());
        sent_.insert(sent_.end(), pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
        if (room_ != no_limit) room_ -= count;
        if (sends_last_ && pending_.empty()) close_later();
    }
    void close_later() {
        if (std::exchange(is_closed_, true)) return;
        loop_.post([this] { end({std::make_error_code(std::errc::operation_canceled), "closed here"}); });
    }
    void end(error why) {
        is_closed_ = true;
        if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_closed(std::move(why));
    }

    env::executor& loop_;
    env::stream_handler* handler_ = nullptr;
    bool is_paused_ = false;
    bool is_closed_ = false;
    bool sends_last_ = false;
    bool has_finished_ = false;
    bool knows_end_ = false;
    byte_vector waiting_;
    byte_vector pending_;
    byte_vector sent_;
    std::size_t room_ = no_limit;
    std::size_t flushes_ = 0;
    std::size_t pauses_ = 0;
    std::size_t bytes_into_space_ = 0;
};

class test_stream final : public env::stream {
  public:
    explicit test_stream(stream_end& other_end, std::string peer = "test:1")
        : end_(other_end), peer_(std::move(peer)) {}
    ~test_stream() override {
        end_.handler_ = nullptr;
        end_.is_closed_ = true;
    }

    void start(env::stream_handler& handler) override { end_.handler_ = &handler; }
    void pause_receiving() override {
        ++end_.pauses_;
        end_.is_paused_ = true;
    }
    void resume_receiving() override {
        end_.is_paused_ = false;
        end_.loop_.post([end = &end_] { end->give(); });
    }
    void send(env::shared_bytes bytes) override {
        if (end_.is_closed_ || end_.sends_last_) return;
        end_.pending_.insert(end_.pending_.end(), bytes.bytes.begin(), bytes.bytes.end());
    }
    void flush() override {
        ++end_.flushes_;
        end_.push();
    }
    std::size_t pending_send_bytes() const override { return end_.pending_.size(); }
    void close() override { end_.close_later(); }
    void close_after_sending() override {
        if (end_.is_closed_) return;
        end_.sends_last_ = true;
        end_.push();
    }
    std::string peer() const override { return peer_; }

  private:
    stream_end& end_;
    const std::string peer_;
};

}  // namespace logstore::env
