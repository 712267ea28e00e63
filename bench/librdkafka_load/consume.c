// All of a topic that is there now, as fast as librdkafka reads it.
#include <stdio.h>
#include <stdlib.h>

#include "load.h"

/// From the first offset of every partition; answers how many offsets there are.
static int64_t assign_all(rd_kafka_t* consumer, const char* topic) {
    const int32_t partitions = partition_count(consumer, topic);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    int64_t there = 0;
    for (int32_t partition = 0; partition < partitions; ++partition) {
        const watermarks found = watermarks_of(consumer, topic, partition);
        there += found.high - found.low;
        if (found.high > found.low)
            rd_kafka_topic_partition_list_add(list, topic, partition)->offset = found.low;
    }
    const rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("cannot assign: %s", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
    return there;
}

int run_consume(const options* asked) {
    enum { at_once = 1000, silent_s = 10 };
    const char* const defaults[] = {"group.id",
                                    "none",
                                    "enable.auto.commit",
                                    "false",
                                    "auto.offset.reset",
                                    "error",
                                    "queued.min.messages",
                                    "1000000",
                                    NULL};
    rd_kafka_t* consumer = new_client(RD_KAFKA_CONSUMER, asked, defaults, NULL);
    const int64_t begun = now_ns();
    const int64_t there = assign_all(consumer, asked->topic);
    const int64_t wanted = there < asked->records ? there : asked->records;
    rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
    static rd_kafka_message_t* messages[at_once];
    int64_t count = 0, bytes = 0, errors = 0;
    int64_t first = 0, last = begun;
    const int64_t end = begun + (int64_t)(asked->seconds * 1e9);
    while (count < wanted && now_ns() < end) {
        const ssize_t some = rd_kafka_consume_batch_queue(queue, 200, messages, at_once);
        if (some < 0) give_up("cannot consume: %s", rd_kafka_err2str(rd_kafka_last_error()));
        if (some > 0) last = now_ns();
        if (some > 0 && first == 0) first = last;
        for (ssize_t i = 0; i < some; ++i) {
            if (messages[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                ++errors;
                fprintf(stderr, "%s\n", rd_kafka_message_errstr(messages[i]));
            } else {
                ++count;
                bytes += (int64_t)messages[i]->len;
            }
            rd_kafka_message_destroy(messages[i]);
        }
        if (now_ns() - last > (int64_t)silent_s * 1000000000) give_up("nothing came for %d s", silent_s);
    }
    // The first ones come together, after the time that it takes to ask: the rate is that of what follows
    // them.
    const double took = first == 0 ? 0 : (double)(last - first) / 1e9;
    const double rate = took > 0 ? (double)count / took : 0;
    printf(
        "consumed %lld of %lld records in %.2f s: %.0f records/s %.1f MB/s errors=%lld first after %.1f ms\n",
        (long long)count, (long long)there, took, rate, took > 0 ? (double)bytes / took / 1e6 : 0,
        (long long)errors, first == 0 ? 0 : (double)(first - begun) / 1e6);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(consumer);
    return errors > 0 ? 1 : 0;
}
