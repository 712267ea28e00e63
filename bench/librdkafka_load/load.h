// What the three loads have in common: options, a client made of them, time.
#pragma once

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { settings_max = 32, partitions_max = 10000 };

typedef struct options {
    const char* server;
    const char* topic;
    int64_t records;  ///< at most so many
    double seconds;   ///< at most so long
    size_t value_bytes;
    double rate;                         ///< records/s; 0 is as fast as it goes
    const char* settings[settings_max];  ///< name=value, librdkafka's own
    size_t setting_count;
} options;

// Each prints one line of figures; the answer is the exit code: 1 when there was any error.
int run_produce(const options* asked);
int run_consume(const options* asked);
int run_latency(const options* asked);

_Noreturn void give_up(const char* format, ...) __attribute__((format(printf, 1, 2)));

typedef void (*delivery_function)(rd_kafka_t*, const rd_kafka_message_t*, void*);
/// `defaults` is a list of name, value, …, NULL; what was asked for stands above it. `on_delivery` is for
/// producers.
rd_kafka_t* new_client(rd_kafka_type_t type, const options* asked, const char* const* defaults,
                       delivery_function on_delivery);

/// How many partitions the topic has; it has to be there.
int32_t partition_count(rd_kafka_t* client, const char* topic);

/// Of one partition.
typedef struct watermarks {
    int64_t low;
    int64_t high;
} watermarks;
watermarks watermarks_of(rd_kafka_t* client, const char* topic, int32_t partition);

/// Of a clock that only goes forward.
int64_t now_ns(void);
void sleep_until_ns(int64_t time);
