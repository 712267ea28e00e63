// What the scenarios have in common: clients of librdkafka with settings by Kafka's names, topics, answers,
// and checks that end the program with a sentence.
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { within_ms = 30000 };

/// host:port of the server under test. Set once, by main.
extern const char* server_address;

_Noreturn void fail_at(const char* file, int line, const char* what, const char* format, ...)
    __attribute__((format(printf, 4, 5)));

/// Ends the program when it does not hold; the rest is a printf format that says what was found.
#define expect(condition, ...)                                                  \
    do {                                                                        \
        if (!(condition)) fail_at(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)

/// Error codes are compared by their names, which is what one wants to read.
#define expect_error(found, wanted)                                                                    \
    do {                                                                                               \
        const rd_kafka_resp_err_t found_ = (found);                                                    \
        if (found_ != (wanted))                                                                        \
            fail_at(__FILE__, __LINE__, #found " is " #wanted, "it is %s", rd_kafka_err2name(found_)); \
    } while (0)

#define expect_success(found) expect_error(found, RD_KAFKA_RESP_ERR_NO_ERROR)

typedef struct setting {
    const char* name;
    const char* value;
} setting;

/// A list of settings, ended by one without a name.
#define SETTINGS(...) ((const setting[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL}})

/// What became of a produced record; its address is the record's opaque.
typedef struct delivery {
    bool is_answered;
    rd_kafka_resp_err_t error;
    rd_kafka_msg_status_t status;
    int32_t partition;
    int64_t offset;
} delivery;

/// acks=all, not idempotent, fills `delivery`s.
rd_kafka_t* new_producer(const setting* settings);
/// Checks CRCs and, where nothing else is set, reports an offset out of range as an error.
rd_kafka_t* new_consumer(const setting* settings);

/// Waits until every record has its answer.
void flush(rd_kafka_t* producer);
/// Closes a client and whatever it holds.
void destroy(rd_kafka_t* client);

void create_topic(const char* name, int partitions, const setting* config);
rd_kafka_resp_err_t try_create_topic(const char* name, int partitions, int replicas, const setting* config);
rd_kafka_resp_err_t try_delete_topic(const char* name);

/// Reads one partition from an offset, or from one of RD_KAFKA_OFFSET_….
void assign_at(rd_kafka_t* consumer, const char* topic, int32_t partition, int64_t offset);
/// The next record or error; the caller destroys it. It is a failure when there is none in time.
rd_kafka_message_t* next_message(rd_kafka_t* consumer);
/// The next error that belongs to no record, told beside them. It is a failure when a record comes
/// first.
rd_kafka_resp_err_t next_error(rd_kafka_t* consumer);
/// It is a failure when there is one.
void expect_no_message(rd_kafka_t* consumer, int wait_ms);

int64_t now_ms(void);
