// Answers on their way to the stream.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "env/stream.h"
#include "kafka/protocol/encoder.h"

namespace logstore::kafka {

/// Collects the answers of one burst, so that they leave in one send: encoded bytes, and stored records in
/// between by reference. One shard.
class output_queue {
  public:
    /// Where answers are appended. Valid until send().
    byte_vector& bytes() {
        if (is_handed_over_) start_anew();
        return *bytes_;
    }
    /// For append_scattered_response: the placeholders of the answers in bytes().
    std::vector<insertion>& insertions() { return insertions_; }
    /// Records that a placeholder with the returned index stands for.
    std::size_t add_records(std::vector<env::shared_bytes> records);

    bool is_empty() const { return is_handed_over_ || bytes_->empty(); }
    /// Bytes that send() will hand over.
    std::size_t size_bytes() const;
    /// Those among them that are not stored records.
    std::size_t encoded_bytes() const { return is_handed_over_ ? 0 : bytes_->size(); }
    /// Gives everything to `to`, without a flush, and starts anew.
    void send(env::stream& to);
    /// Forgets everything: the stream has gone.
    void discard();

  private:
    /// What an idle connection keeps.
    static constexpr std::size_t kept_bytes_max = std::size_t(4) << 10;

    void send_part(env::stream& to, std::size_t begin, std::size_t end);
    void start_anew();

    /// Shared with the stream until the bytes have left; then used again.
    std::shared_ptr<byte_vector> bytes_ = std::make_shared<byte_vector>();
    bool is_handed_over_ = false;
    std::vector<insertion> insertions_;
    std::vector<std::vector<env::shared_bytes>> records_;
};

}  // namespace logstore::kafka
