#include "kafka/server/output_queue.h"

#include <utility>

#include "base/check.h"

namespace logstore::kafka {

std::size_t output_queue::add_records(std::vector<env::shared_bytes> records) {
    records_.push_back(std::move(records));
    return records_.size() - 1;
}

std::size_t output_queue::size_bytes() const {
    if (is_handed_over_) return 0;
    std::size_t size = bytes_->size();
    for (const insertion& one : insertions_) size += one.byte_count;
    return size;
}

void output_queue::send_part(env::stream& to, std::size_t begin, std::size_t end) {
    if (begin < end) to.send(env::shared_bytes(bytes_, bytes_view(*bytes_).subspan(begin, end - begin)));
}

void output_queue::send(env::stream& to) {
    CHECK(!is_handed_over_);
    std::size_t sent = 0;
    for (const insertion& one : insertions_) {
        send_part(to, sent, one.position);
        sent = one.position;
        std::size_t inserted = 0;
        for (env::shared_bytes& piece : records_[one.index]) {
            inserted += piece.bytes.size();
            to.send(std::move(piece));
        }
        // The frame's length has counted them already.
        CHECK(inserted == one.byte_count, "{} record bytes where {} were promised", inserted, one.byte_count);
    }
    send_part(to, sent, bytes_->size());
    insertions_.clear();
    records_.clear();
    is_handed_over_ = true;
}

void output_queue::discard() {
    insertions_.clear();
    records_.clear();
    is_handed_over_ = true;
}

void output_queue::start_anew() {
    is_handed_over_ = false;
    // The stream lets go of the buffer when the bytes have left, mostly within flush().
    if (bytes_.use_count() == 1 && bytes_->capacity() <= kept_bytes_max) {
        bytes_->clear();
    } else {
        bytes_ = std::make_shared<byte_vector>();
    }
}

}  // namespace logstore::kafka
