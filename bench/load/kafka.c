// Kafka's protocol: Produce 7 with acks=all, Fetch 11. A target is a partition of one topic.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"

enum {
    produce = 0,
    fetch = 1,
    fetch_bytes = 4 << 20,
    batch_header_bytes = 61,
    crc_at = 17,
    crc_covers_from = 21,
};

static const options* asked_;
static uint32_t crc_table_[256];
// One Produce request, built once; what differs from one to the next is put in.
static buffer request_;
static size_t partition_at_, batch_at_, value_at_;

static uint32_t crc32c(const uint8_t* bytes, size_t count) {
    uint32_t crc = ~0u;
    while (count-- > 0) crc = crc_table_[(crc ^ *bytes++) & 255] ^ (crc >> 8);
    return ~crc;
}

static void put_8(buffer* to, int value) {
    const uint8_t byte = (uint8_t)value;
    put(to, &byte, 1);
}
static void put_16(buffer* to, int value) {
    const uint16_t big = __builtin_bswap16((uint16_t)value);
    put(to, &big, 2);
}
static void put_32(buffer* to, int64_t value) {
    const uint32_t big = __builtin_bswap32((uint32_t)value);
    put(to, &big, 4);
}
static void put_64(buffer* to, int64_t value) {
    const uint64_t big = __builtin_bswap64((uint64_t)value);
    put(to, &big, 8);
}
static void put_string(buffer* to, const char* text) {
    put_16(to, (int)strlen(text));
    put(to, text, strlen(text));
}
static void put_varint(buffer* to, int64_t value) {
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    for (; zigzag > 127; zigzag >>= 7) put_8(to, (int)(zigzag & 127) | 128);
    put_8(to, (int)zigzag);
}
static int varint_bytes(int64_t value) {
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    int bytes = 1;
    for (; zigzag > 127; zigzag >>= 7) ++bytes;
    return bytes;
}
static void set_32(uint8_t* at, uint32_t value) {
    const uint32_t big = __builtin_bswap32(value);
    memcpy(at, &big, 4);
}
static uint32_t get_32(const uint8_t* at) {
    uint32_t big;
    memcpy(&big, at, 4);
    return __builtin_bswap32(big);
}
static int64_t get_64(const uint8_t* at) {
    return (int64_t)((uint64_t)get_32(at) << 32 | get_32(at + 4));
}

static void put_header(buffer* to, int api, int version, uint32_t correlation) {
    put_32(to, 0);
    put_16(to, api);
    put_16(to, version);
    put_32(to, correlation);
    put_string(to, "load");
}

static void put_records(buffer* to) {
    for (int number = 0; number < asked_->batch; ++number) {
        const int value = asked_->value_bytes;
        const int body =
            1 + varint_bytes(0) + varint_bytes(number) + varint_bytes(-1) + varint_bytes(value) + value + 1;
        put_varint(to, body);
        put_8(to, 0);
        put_varint(to, 0);
        put_varint(to, number);
        put_varint(to, -1);  // no key
        put_varint(to, value);
        if (number == 0) value_at_ = to->end;
        for (int i = 0; i < value; ++i) put_8(to, 'a' + (i * 7 + number) % 26);
        put_varint(to, 0);  // no headers
    }
}

static void put_batch(buffer* to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
    batch_at_ = to->end;
    put_64(to, 0);
    put_32(to, 0);  // length, below
    put_32(to, -1);
    put_8(to, 2);
    put_32(to, 0);  // CRC, below
    put_16(to, 0);
    put_32(to, asked_->batch - 1);
    put_64(to, now_ms);
    put_64(to, now_ms);
    put_64(to, -1);
    put_16(to, -1);
    put_32(to, -1);
    put_32(to, asked_->batch);
    put_records(to);
}

static void seal_batch(void) {
    uint8_t* batch = request_.data + batch_at_;
    set_32(batch + crc_at, crc32c(batch + crc_covers_from, request_.end - batch_at_ - crc_covers_from));
}

static void prepare(const options* asked) {
    asked_ = asked;
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ 0x82f63b78u : value >> 1;
        crc_table_[i] = value;
    }
    put_header(&request_, produce, 7, 0);
    put_16(&request_, -1);
    put_16(&request_, -1);  // acks=all
    put_32(&request_, 30000);
    put_32(&request_, 1);
    put_string(&request_, asked->name);
    put_32(&request_, 1);
    partition_at_ = request_.end;
    put_32(&request_, 0);
    const size_t length_at = request_.end;
    put_32(&request_, 0);
    put_batch(&request_);
    const size_t batch_bytes = request_.end - batch_at_;
    set_32(request_.data + length_at, (uint32_t)batch_bytes);
    set_32(request_.data + batch_at_ + 8, (uint32_t)batch_bytes - 12);
    set_32(request_.data, (uint32_t)request_.end - 4);
    seal_batch();
}

static bool greet(connection* c) {
    (void)c;
    return true;
}

static void append(connection* c, int target, uint64_t stamp) {
    if (stamp != 0) {
        memcpy(request_.data + value_at_, &stamp, sizeof stamp);
        seal_batch();
    }
    set_32(request_.data + 8, (uint32_t)c->number);
    set_32(request_.data + partition_at_, (uint32_t)target);
    put(&c->out, request_.data, request_.end);
}

static void ask_on(connection* c) {
    buffer* to = &c->out;
    const size_t bytes_before = to->end - to->begin;
    put_header(to, fetch, 11, (uint32_t)c->number++);
    put_32(to, -1);
    put_32(to, 500);  // ms
    put_32(to, 1);
    put_32(to, fetch_bytes);
    put_8(to, 0);
    put_32(to, 0);
    put_32(to, -1);  // no session
    put_32(to, 1);
    put_string(to, asked_->name);
    put_32(to, 1);
    put_32(to, c->target);
    put_32(to, -1);
    put_64(to, c->next);
    put_64(to, -1);
    put_32(to, fetch_bytes);
    put_32(to, 0);
    put_string(to, "");
    uint8_t* request = to->data + to->begin + bytes_before;
    set_32(request, (uint32_t)(to->data + to->end - request) - 4);
}

static void read_partition(connection* c, bool from_now_on) {
    // A topic that is read from now on is made for it and is empty.
    (void)from_now_on;
    c->next = 0;
    ask_on(c);
}

/// The batches of an answer; the last one may be cut off. Each value of a batch of one record is told.
static void take_batches(connection* c, const uint8_t* at, size_t bytes) {
    while (bytes >= batch_header_bytes) {
        const size_t size = 12 + get_32(at + 8);
        if (size > bytes) return;
        const int64_t base = get_64(at), count = get_32(at + 57);
        if (base + count > c->next) {
            const bool is_stamped = count == 1 && size == request_.end - batch_at_;
            c->next = base + get_32(at + 23) + 1;
            listener.came(c, count, is_stamped ? at + (value_at_ - batch_at_) : NULL);
        }
        at += size;
        bytes -= size;
    }
}

/// What a broker says of a partition whose topic is just being made.
static bool is_not_there_yet(int error) {
    enum { unknown_topic = 3, leader_not_available = 5, not_leader = 6 };
    return error == unknown_topic || error == leader_not_available || error == not_leader;
}

static void take_fetched(connection* c, const uint8_t* answer) {
    // correlation, throttle, error, session, one topic, its name, one partition, index
    const uint8_t* at = answer + 4 + 4;
    const int error = at[0] << 8 | at[1];
    if (error != 0) give_up("fetch: error %d", error);
    at += 2 + 4 + 4;
    at += 2 + (at[0] << 8 | at[1]) + 4 + 4;
    const int partition_error = at[0] << 8 | at[1];
    if (is_not_there_yet(partition_error)) {
        listener.not_yet();
        ask_on(c);
        return;
    }
    if (partition_error != 0) give_up("fetch of partition %d: error %d", c->target, partition_error);
    const int64_t high_watermark = get_64(at + 2);
    at += 2 + 8 + 8 + 8;
    const int32_t aborted = (int32_t)get_32(at);
    at += 4 + (aborted > 0 ? (size_t)aborted * 16 : 0) + 4;
    const int32_t bytes = (int32_t)get_32(at);
    if (c->records_wanted < 0) c->records_wanted = high_watermark;
    if (bytes > 0) take_batches(c, at + 4, (size_t)bytes);
    ask_on(c);
}

static void take_produced(connection* c, const uint8_t* answer, size_t bytes) {
    // correlation, one topic, its name, one partition, index, error
    const size_t error_at = 4 + 4 + 2 + strlen(asked_->name) + 4 + 4;
    if (bytes < error_at + 2) give_up("produce: an answer of %zu bytes", bytes);
    const int error = answer[error_at] << 8 | answer[error_at + 1];
    if (is_not_there_yet(error)) {
        listener.not_yet();
        append(c, (int)get_32(answer + error_at - 4), 0);
        return;
    }
    if (error != 0) give_up("produce: error %d", error);
    listener.answered(c);
}

static size_t take(connection* c, const uint8_t* bytes, size_t count) {
    if (count < 4) return 0;
    const size_t size = 4 + get_32(bytes);
    if (count < size) return 0;
    const bool is_reader = listener.came != NULL && (listener.answered == NULL || c->index == 1);
    if (is_reader)
        take_fetched(c, bytes + 4);
    else
        take_produced(c, bytes + 4, size - 4);
    return size;
}

const protocol kafka = {.name = "kafka",
                        .prepare = prepare,
                        .greet = greet,
                        .append = append,
                        .is_answered_by_record = false,
                        .read = read_partition,
                        .take = take};
