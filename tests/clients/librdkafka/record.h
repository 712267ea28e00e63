// Records made from a number alone, so that whoever reads them later knows every byte of them.
#pragma once

#include "client.h"

/// 2023-11-14 22:13:20 UTC
#define BEGIN_MS INT64_C(1700000000000)

typedef struct record_plan {
    const char* topic;
    int32_t partition;
    int64_t number;
    /// Of the value; 0 leaves it to the number: none, empty or some hundred bytes.
    size_t value_bytes;
    /// Values that do not get smaller by a codec.
    bool is_random;
} record_plan;

/// Times grow with the number, but not strictly: neighbours change places.
int64_t time_of_record(int64_t number);

/// Hands it to the producer; waits where its queue is full.
void produce_record(rd_kafka_t* producer, record_plan plan, delivery* answer);

/// Every byte of key, value and headers, and the time. The offset is the caller's business.
void expect_record(const rd_kafka_message_t* message, record_plan plan);

/// After flush(): each was written, at the offsets from `first` on, in this order.
void expect_deliveries(const delivery* answers, size_t count, int32_t partition, int64_t first);
