// As many records a second as librdkafka hands over and gets acknowledged.
#include <stdio.h>
#include <stdlib.h>

#include "load.h"

typedef struct counts {
    int64_t acknowledged;
    int64_t failed;
    rd_kafka_resp_err_t why;
} counts;

static counts seen;

static void on_delivery(rd_kafka_t* producer, const rd_kafka_message_t* message, void* opaque) {
    (void)producer;
    (void)opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++seen.acknowledged;
    } else {
        ++seen.failed;
        seen.why = message->err;
    }
}

/// Partition after partition, some records each, so that batches fill; waits where the producer's queue is
/// full.
static void hand_over(rd_kafka_t* producer, rd_kafka_topic_t* topic, int32_t partitions, const options* asked,
                      char* value) {
    enum { run = 1000 };
    const int64_t begun = now_ns();
    const int64_t end = begun + (int64_t)(asked->seconds * 1e9);
    for (int64_t number = 0; number < asked->records; ++number) {
        if (number % run == 0) {
            rd_kafka_poll(producer, 0);
            if (now_ns() >= end) return;
        }
        // Values that differ, as those of any real producer do.
        memcpy(value, &number, asked->value_bytes < sizeof number ? asked->value_bytes : sizeof number);
        if (asked->rate > 0) sleep_until_ns(begun + (int64_t)((double)number / asked->rate * 1e9));
        const int32_t partition = (int32_t)(number / run % partitions);
        while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value, asked->value_bytes, NULL, 0,
                                NULL) != 0) {
            const rd_kafka_resp_err_t error = rd_kafka_last_error();
            if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                give_up("cannot produce: %s", rd_kafka_err2str(error));
            rd_kafka_poll(producer, 5);
        }
    }
}

int run_produce(const options* asked) {
    const char* const defaults[] = {"acks", "all", "queue.buffering.max.messages", "500000", NULL};
    rd_kafka_t* producer = new_client(RD_KAFKA_PRODUCER, asked, defaults, on_delivery);
    const int32_t partitions = partition_count(producer, asked->topic);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, asked->topic, NULL);
    char* value = malloc(asked->value_bytes + 1);
    if (value == NULL) give_up("no memory for a record");
    for (size_t i = 0; i < asked->value_bytes; ++i) value[i] = (char)('a' + i % 26);

    const int64_t begun = now_ns();
    hand_over(producer, topic, partitions, asked, value);
    // What is under way counts, and so does the time that it takes.
    while (rd_kafka_outq_len(producer) > 0) rd_kafka_flush(producer, 100);
    const double took = (double)(now_ns() - begun) / 1e9;

    const double rate = (double)seen.acknowledged / took;
    printf("produced %lld records in %.2f s: %.0f records/s %.1f MB/s errors=%lld\n",
           (long long)seen.acknowledged, took, rate, rate * (double)asked->value_bytes / 1e6,
           (long long)seen.failed);
    if (seen.failed > 0) fprintf(stderr, "the last error: %s\n", rd_kafka_err2str(seen.why));
    free(value);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    return seen.failed > 0 ? 1 : 0;
}
