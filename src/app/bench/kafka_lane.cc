#include "app/bench/kafka_lane.h"

#include "base/crc32c.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/compression.h"
#include "kafka/client/records.h"

namespace logstore::app::bench {
namespace {

constexpr std::size_t crc_position = record_batch_crc_start - sizeof(std::uint32_t);

void write_crc(byte_vector& batch) {
    store_big(batch.data() + crc_position, crc32c(bytes_view(batch).subspan(record_batch_crc_start)));
}

}  // namespace

kafka_requests::kafka_requests(env::environment world, shape what, const payload& values)
    : world_(world), shape_(std::move(what)), values_(values) {
    CHECK(!shape_.marked_run || values_.has_room_for_mark());
    batch_ = plain_batch();
    kafka::record_reader reader = kafka::record_reader::of_batch(batch_).value();
    for (auto one = reader.next().value(); one; one = reader.next().value())
        value_positions_.push_back(static_cast<std::size_t>(one->value->data() - batch_.data()));
}

byte_vector kafka_requests::plain_batch() const {
    kafka::record_batch_builder builder;
    const timestamp_ms now = world_.time().wall_now();
    for (std::uint32_t i = 0; i < values_.records_per_request(); ++i)
        builder.append(now, std::nullopt, values_.body(i));
    return builder.finish();
}

bytes_view kafka_requests::marked_batch(const append_order& what, std::uint32_t run) {
    for (std::size_t i = 0; i < value_positions_.size(); ++i)
        write_mark(batch_.data() + value_positions_[i], {run, what.stream, what.first_sequence + i});
    write_crc(batch_);
    return batch_;
}

byte_vector kafka_requests::compressed(const append_order& what, std::uint32_t run) const {
    kafka::record_batch_builder builder;
    const timestamp_ms now = world_.time().wall_now();
    byte_vector value;
    for (std::uint32_t i = 0; i < values_.records_per_request(); ++i) {
        const bytes_view body = values_.body(i);
        value.assign(body.begin(), body.end());
        if (shape_.marked_run) write_mark(value.data(), {run, what.stream, what.first_sequence + i});
        builder.append(now, std::nullopt, value);
    }
    return builder.finish(shape_.codec, kafka::compress_records(shape_.codec, builder.records()));
}

result<env::shared_bytes> kafka_requests::frame(const kafka::client_connection& over,
                                                const append_order& what) {
    const bool is_compressed = shape_.codec != compression_codec::none;
    if (shape_.marked_run) {
        if (is_compressed) return encode(over, what.partition, compressed(what, *shape_.marked_run));
        return encode(over, what.partition, marked_batch(what, *shape_.marked_run));
    }
    const auto version = over.versions().choose(kafka::api_key::produce);
    if (!version) return std::unexpected(version.error());
    const std::pair key(*version, what.partition);
    if (const auto found = frames_.find(key); found != frames_.end()) return found->second;
    auto made = is_compressed ? encode(over, what.partition, compressed(what, 0))
                              : encode(over, what.partition, batch_);
    if (made) frames_.emplace(key, *made);
    return made;
}

result<env::shared_bytes> kafka_requests::encode(const kafka::client_connection& over, partition_id to,
                                                 bytes_view batch) const {
    byte_vector frame;
    LOGSTORE_TRY(kafka::append_produce_frame(frame, over, correlation_id, {shape_.topic, to}, batch,
                                             kafka::required_acks::all));
    return env::shared_bytes(std::move(frame));
}

std::uint32_t kafka_requests::records_in(std::size_t batch_bytes, std::uint32_t value_bytes) {
    const byte_vector value(value_bytes);
    kafka::record_batch_builder builder;
    std::uint32_t count = 0;
    do {
        builder.append(timestamp_ms(0), std::nullopt, value);
        ++count;
    } while (builder.size_bytes() <= batch_bytes);
    return std::max(count - 1, std::uint32_t(1));
}

kafka_lane::kafka_lane(std::unique_ptr<kafka::client_connection> connection, kafka_requests& requests)
    : connection_(std::move(connection)),
      requests_(requests),
      version_(connection_->versions().choose(kafka::api_key::produce).value()) {}

kafka_lane::~kafka_lane() {
    connection_->close();
}

std::expected<void, refusal> kafka_lane::send(const append_order& what) {
    auto frame = requests_.frame(*connection_, what);
    if (!frame) return std::unexpected(refusal_of(frame.error()));
    const auto sent = connection_->send_frame(std::move(*frame), kafka_requests::correlation_id, *this);
    if (!sent) return std::unexpected(refusal_of(sent.error()));
    return {};
}

void kafka_lane::on_response(result<kafka::received_frame> response) {
    if (!response) {
        refusal why = refusal_of(response.error());
        why.is_lost = true;
        return told_->on_answer(std::unexpected(std::move(why)));
    }
    const auto outcome = kafka::read_produce_answer(response->bytes(), version_);
    if (!outcome) return told_->on_answer(std::unexpected(refusal_of(outcome.error())));
    told_->on_answer({});
}

refusal refusal_of(const error& why) {
    if (const auto code = kafka::broker_error_code(why))
        return {std::string(kafka::error_name(*code)), why.message(), false};
    return {why.code.message(), why.message(), false};
}

}  // namespace logstore::app::bench
