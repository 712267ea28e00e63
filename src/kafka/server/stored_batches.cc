#include "kafka/server/stored_batches.h"

#include <algorithm>
#include <array>

namespace logstore::kafka {
namespace {

/// A position in pieces that are read as one range.
class piece_cursor {
  public:
    explicit piece_cursor(const std::vector<env::shared_bytes>& pieces) : pieces_(pieces) {}

    /// Copies from here without moving; returns how much there was.
    std::size_t peek(mutable_bytes into) const {
        std::size_t filled = 0;
        std::size_t at = at_;
        for (std::size_t i = piece_; i < pieces_.size() && filled < into.size(); ++i, at = 0) {
            const bytes_view rest = pieces_[i].bytes.subspan(at);
            const std::size_t count = std::min(rest.size(), into.size() - filled);
            std::ranges::copy(rest.first(count), into.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += count;
        }
        return filled;
    }

    void skip(std::size_t count) {
        while (piece_ < pieces_.size()) {
            const std::size_t left = pieces_[piece_].bytes.size() - at_;
            if (count < left) return void(at_ += count);
            count -= left;
            ++piece_;
            at_ = 0;
        }
    }

  private:
    const std::vector<env::shared_bytes>& pieces_;
    std::size_t piece_ = 0;
    std::size_t at_ = 0;
};

}  // namespace

bool holds_codec(const std::vector<env::shared_bytes>& pieces, compression_codec codec) {
    std::array<std::byte, record_batch_header_bytes> bytes;
    for (piece_cursor at(pieces); at.peek(bytes) == bytes.size();) {
        const auto header = read_record_batch_header(bytes);
        if (!header) return false;  // damage: for the client's own checks to find
        if (header->codec_number() == static_cast<int>(codec)) return true;
        at.skip(header->size_bytes());
    }
    return false;
}

}  // namespace logstore::kafka
