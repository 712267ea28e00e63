#include "record.h"

#include <stdio.h>
#include <stdlib.h>

enum { headers_max = 3 };

typedef struct bytes {
    char* at;  ///< NULL: none, which is not the same as empty
    size_t count;
} bytes;

typedef struct header {
    char name[24];
    bytes value;
} header;

typedef struct record {
    bytes key;
    bytes value;
    header headers[headers_max];
    size_t header_count;
} record;

static uint64_t mixed(uint64_t seed) {
    seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
    return seed ^ seed >> 31;
}

static bytes made_bytes(size_t count, uint64_t seed, bool is_random) {
    bytes made = {malloc(count + 1), count};
    expect(made.at != NULL, "no memory for %zu bytes", count);
    uint64_t word = mixed(seed + 1);
    for (size_t i = 0; i < count; ++i) {
        if (is_random && i % 8 == 0) word = mixed(word + i + 1);
        // Else eight bytes again and again: any codec makes that smaller.
        made.at[i] = (char)(word >> i % 8 * 8);
    }
    return made;
}

static record made_record(record_plan plan) {
    const uint64_t number = (uint64_t)plan.number;
    const uint64_t seed = mixed(number) + (uint64_t)plan.partition;
    record made = {0};
    switch (number % 4) {
        case 0: break;
        case 1: made.key = made_bytes(0, seed, true); break;
        default: made.key = made_bytes(number % 37 + 1, seed, true); break;
    }
    if (plan.value_bytes > 0)
        made.value = made_bytes(plan.value_bytes, seed + 1, plan.is_random);
    else if (number % 11 == 6)
        made.value = made_bytes(0, seed, true);
    else if (number % 11 != 5)
        made.value = made_bytes(number * 7919 % 600, seed + 1, plan.is_random);
    made.header_count = number % 3 == 0 ? 0 : number % (headers_max + 1);
    for (size_t i = 0; i < made.header_count; ++i) {
        // Names come more than once, and in no order.
        snprintf(made.headers[i].name, sizeof made.headers[i].name, "name-%d", (int)((number + i) % 2));
        if (i != 1) made.headers[i].value = made_bytes(number * (i + 1) % 50, seed + 2 + i, true);
    }
    return made;
}

static void free_record(record* made) {
    free(made->key.at);
    free(made->value.at);
    for (size_t i = 0; i < made->header_count; ++i) free(made->headers[i].value.at);
}

int64_t time_of_record(int64_t number) {
    return BEGIN_MS + (number ^ 1) * 37;
}

static rd_kafka_headers_t* made_headers(const record* from) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(headers_max);
    for (size_t i = 0; i < from->header_count; ++i) {
        const header* one = &from->headers[i];
        expect_success(rd_kafka_header_add(headers, one->name, -1, one->value.at, (ssize_t)one->value.count));
    }
    return headers;
}

void produce_record(rd_kafka_t* producer, record_plan plan, delivery* answer) {
    record made = made_record(plan);
    for (;;) {
        rd_kafka_headers_t* headers = made_headers(&made);
        const rd_kafka_resp_err_t error = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(plan.topic), RD_KAFKA_V_PARTITION(plan.partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(made.key.at, made.key.count),
            RD_KAFKA_V_VALUE(made.value.at, made.value.count),
            RD_KAFKA_V_TIMESTAMP(time_of_record(plan.number)), RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_OPAQUE(answer), RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
        rd_kafka_headers_destroy(headers);
        expect_error(error, RD_KAFKA_RESP_ERR__QUEUE_FULL);
        rd_kafka_poll(producer, 10);
    }
    rd_kafka_poll(producer, 0);
    free_record(&made);
}

static void expect_bytes(const char* what, int64_t number, const void* found, size_t count, bytes wanted) {
    expect((found == NULL) == (wanted.at == NULL), "the %s of record %lld is %s", what, (long long)number,
           found == NULL ? "none" : "there");
    expect(count == wanted.count, "the %s of record %lld has %zu bytes, not %zu", what, (long long)number,
           count, wanted.count);
    expect(count == 0 || memcmp(found, wanted.at, count) == 0, "the %s of record %lld differs", what,
           (long long)number);
}

static void expect_headers(const rd_kafka_message_t* message, const record* wanted, int64_t number) {
    rd_kafka_headers_t* headers = NULL;
    const rd_kafka_resp_err_t error = rd_kafka_message_headers(message, &headers);
    if (wanted->header_count == 0) {
        expect_error(error, RD_KAFKA_RESP_ERR__NOENT);
        return;
    }
    expect_success(error);
    expect(rd_kafka_header_cnt(headers) == wanted->header_count, "record %lld has %zu headers",
           (long long)number, rd_kafka_header_cnt(headers));
    for (size_t i = 0; i < wanted->header_count; ++i) {
        const char* name = NULL;
        const void* value = NULL;
        size_t count = 0;
        expect_success(rd_kafka_header_get_all(headers, i, &name, &value, &count));
        expect(strcmp(name, wanted->headers[i].name) == 0, "header %zu of record %lld is '%s'", i,
               (long long)number, name);
        expect_bytes(name, number, value, count, wanted->headers[i].value);
    }
}

void expect_record(const rd_kafka_message_t* message, record_plan plan) {
    expect_success(message->err);
    expect(message->partition == plan.partition, "record %lld is in partition %d", (long long)plan.number,
           message->partition);
    record wanted = made_record(plan);
    expect_bytes("key", plan.number, message->key, message->key_len, wanted.key);
    expect_bytes("value", plan.number, message->payload, message->len, wanted.value);
    expect_headers(message, &wanted, plan.number);
    free_record(&wanted);
    rd_kafka_timestamp_type_t type;
    const int64_t time = rd_kafka_message_timestamp(message, &type);
    expect(type == RD_KAFKA_TIMESTAMP_CREATE_TIME && time == time_of_record(plan.number),
           "the time of record %lld is %lld", (long long)plan.number, (long long)time);
}

void expect_deliveries(const delivery* answers, size_t count, int32_t partition, int64_t first) {
    for (size_t i = 0; i < count; ++i) {
        expect(answers[i].is_answered, "record %zu has no answer", i);
        expect_success(answers[i].error);
        expect(answers[i].status == RD_KAFKA_MSG_STATUS_PERSISTED, "record %zu has status %d", i,
               answers[i].status);
        expect(answers[i].partition == partition, "record %zu went to partition %d", i, answers[i].partition);
        expect(answers[i].offset == first + (int64_t)i, "record %zu is told offset %lld", i,
               (long long)answers[i].offset);
    }
}
