// From produce() to the consumer's hands, at a steady rate; and from produce() to the acknowledgement.
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "load.h"

/// Every record begins with it. Both clients are of one process, so of one clock.
typedef struct stamp {
    int64_t number;
    int64_t sent_ns;
} stamp;

typedef struct samples {
    int64_t* at;  ///< by number; 0 = nothing yet
    int64_t count;
} samples;

static samples acknowledged;
static samples consumed;
static atomic_llong errors;

static samples new_samples(int64_t count) {
    const samples made = {calloc((size_t)count, sizeof(int64_t)), count};
    if (made.at == NULL) give_up("no memory for %lld samples", (long long)count);
    return made;
}

static void take(samples* into, const rd_kafka_message_t* message) {
    stamp found;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->len < sizeof found) {
        atomic_fetch_add(&errors, 1);
        fprintf(stderr, "%s\n", rd_kafka_err2str(message->err));
        return;
    }
    memcpy(&found, message->payload, sizeof found);
    if (found.number < 0 || found.number >= into->count) give_up("a record of somebody else is in the topic");
    into->at[found.number] = now_ns() - found.sent_ns;
}

static void on_delivery(rd_kafka_t* producer, const rd_kafka_message_t* message, void* opaque) {
    (void)producer;
    (void)opaque;
    take(&acknowledged, message);
}

static atomic_bool is_over;

/// Acknowledgements are taken by a thread of their own, so that none waits for the next record to be sent.
static void* serve_deliveries(void* producer) {
    while (!atomic_load(&is_over)) rd_kafka_poll(producer, 100);
    return NULL;
}

static void* consume(void* consumer) {
    int64_t count = 0;
    while (count < consumed.count && !atomic_load(&is_over)) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
        if (message == NULL) continue;
        take(&consumed, message);
        ++count;
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

static int compare(const void* left, const void* right) {
    const int64_t a = *(const int64_t*)left, b = *(const int64_t*)right;
    return (a > b) - (a < b);
}

/// Without the first ones, which find caches and connections cold.
static void print_samples(const char* what, samples from, int64_t skipped) {
    int64_t* sorted = from.at + skipped;
    const int64_t count = from.count - skipped;
    int64_t missing = 0;
    for (int64_t i = 0; i < count; ++i) missing += sorted[i] == 0;
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    const double at[] = {0.50, 0.95, 0.99, 0.999};
    const char* const names[] = {"p50", "p95", "p99", "p99.9"};
    printf("%s:", what);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; ++i)
        printf(" %s=%.2f", names[i], (double)sorted[(int64_t)(at[i] * (double)(count - 1))] / 1e6);
    printf(" max=%.2f ms of %lld records, missing=%lld\n", (double)sorted[count - 1] / 1e6, (long long)count,
           (long long)missing);
    atomic_fetch_add(&errors, missing);
}

static rd_kafka_t* new_latency_consumer(const options* asked) {
    const char* const defaults[] = {"group.id", "none", "enable.auto.commit", "false", "auto.offset.reset",
                                    "error",    NULL};
    // Settings that were asked for are the producer's.
    options plain = *asked;
    plain.setting_count = 0;
    rd_kafka_t* consumer = new_client(RD_KAFKA_CONSUMER, &plain, defaults, NULL);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, asked->topic, 0)->offset =
        watermarks_of(consumer, asked->topic, 0).high;
    const rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("cannot assign: %s", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
    return consumer;
}

int run_latency(const options* asked) {
    const double rate = asked->rate > 0 ? asked->rate : 500;
    const double wanted =
        rate * asked->seconds < (double)asked->records ? rate * asked->seconds : (double)asked->records;
    const int64_t count = (int64_t)wanted, skipped = (int64_t)(rate < wanted / 5 ? rate : wanted / 5);
    if (count < 10)
        give_up("%lld records show nothing; give more seconds or a higher rate", (long long)count);
    acknowledged = new_samples(count);
    consumed = new_samples(count);
    const char* const defaults[] = {"acks", "all", "linger.ms", "0", NULL};
    rd_kafka_t* producer = new_client(RD_KAFKA_PRODUCER, asked, defaults, on_delivery);
    partition_count(producer, asked->topic);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, asked->topic, NULL);
    rd_kafka_t* consumer = new_latency_consumer(asked);
    pthread_t consuming, serving;
    pthread_create(&consuming, NULL, consume, consumer);
    pthread_create(&serving, NULL, serve_deliveries, producer);

    const size_t bytes = asked->value_bytes > sizeof(stamp) ? asked->value_bytes : sizeof(stamp);
    char* value = calloc(1, bytes);
    if (value == NULL) give_up("no memory for a record");
    // A little later, so that the consumer waits for the first one already.
    const int64_t begun = now_ns() + 500000000;
    for (int64_t number = 0; number < count; ++number) {
        sleep_until_ns(begun + (int64_t)((double)number / rate * 1e9));
        const stamp put = {number, now_ns()};
        memcpy(value, &put, sizeof put);
        if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, bytes, NULL, 0, NULL) != 0)
            give_up("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
    }
    // What is on its way may take this long and counts as missing afterwards.
    const int64_t end = now_ns() + INT64_C(5000000000);
    while (rd_kafka_outq_len(producer) > 0 && now_ns() < end) sleep_until_ns(now_ns() + 10000000);
    sleep_until_ns(now_ns() + 500000000);
    atomic_store(&is_over, true);
    pthread_join(consuming, NULL);
    pthread_join(serving, NULL);

    print_samples("acknowledged", acknowledged, skipped);
    print_samples("consumed", consumed, skipped);
    free(value);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    rd_kafka_destroy(consumer);
    return atomic_load(&errors) > 0 ? 1 : 0;
}
