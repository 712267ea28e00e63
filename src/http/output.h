// Answers on their way to the stream.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/stream.h"

namespace logstore::http {

/// Collects the answers of one burst, so that they leave in one send. One shard.
class output {
  public:
    /// Where bytes are appended. Valid until the next call of another function.
    std::string& text() { return text_; }
    /// A large piece, which is not copied.
    void add(std::string piece) {
        close_text();
        push(std::move(piece));
    }
    bool is_empty() const { return text_.empty() && pieces_.empty(); }
    std::size_t size_bytes() const { return text_.size() + piece_bytes_; }
    /// Gives everything to `to`, without a flush.
    void send(env::stream& to) {
        close_text();
        for (env::shared_bytes& one : pieces_) to.send(std::move(one));
        discard();
    }
    /// Forgets everything: the stream has gone.
    void discard() {
        pieces_.clear();
        piece_bytes_ = 0;
        text_.clear();
    }

  private:
    void close_text() {
        if (!text_.empty()) push(std::exchange(text_, {}));
    }
    void push(std::string piece) {
        auto kept = std::make_shared<const std::string>(std::move(piece));
        const bytes_view bytes = bytes_of(*kept);
        piece_bytes_ += bytes.size();
        pieces_.emplace_back(std::move(kept), bytes);
    }

    std::string text_;
    std::vector<env::shared_bytes> pieces_;
    std::size_t piece_bytes_ = 0;
};

}  // namespace logstore::http
