#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char* server_address;

void fail_at(const char* file, int line, const char* what, const char* format, ...) {
    fprintf(stderr, "%s:%d: not so: %s: ", file, line, what);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_delivery(rd_kafka_t* producer, const rd_kafka_message_t* message, void* opaque) {
    (void)producer;
    (void)opaque;
    delivery* answered = message->_private;
    if (answered == NULL) return;
    expect(!answered->is_answered, "a record at offset %lld has two answers", (long long)message->offset);
    answered->is_answered = true;
    answered->error = message->err;
    answered->status = rd_kafka_message_status(message);
    answered->partition = message->partition;
    answered->offset = message->offset;
}

/// Of any client, not yet taken by next_error.
static rd_kafka_resp_err_t told_error;

static void on_error(rd_kafka_t* client, int error, const char* why, void* opaque) {
    (void)client;
    (void)opaque;
    told_error = (rd_kafka_resp_err_t)error;
    fprintf(stderr, "told: %s\n", why);
}

static void set(rd_kafka_conf_t* config, const char* name, const char* value) {
    char why[512];
    expect(rd_kafka_conf_set(config, name, value, why, sizeof why) == RD_KAFKA_CONF_OK, "%s=%s: %s", name,
           value, why);
}

static rd_kafka_t* new_client(rd_kafka_type_t type, const setting* defaults, const setting* settings) {
    rd_kafka_conf_t* config = rd_kafka_conf_new();
    set(config, "bootstrap.servers", server_address);
    set(config, "log_level", "3");
    for (const setting* one = defaults; one->name != NULL; ++one) set(config, one->name, one->value);
    for (const setting* one = settings; one->name != NULL; ++one) set(config, one->name, one->value);
    rd_kafka_conf_set_error_cb(config, on_error);
    if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
    char why[512];
    rd_kafka_t* client = rd_kafka_new(type, config, why, sizeof why);
    expect(client != NULL, "%s", why);
    return client;
}

rd_kafka_t* new_producer(const setting* settings) {
    return new_client(
        RD_KAFKA_PRODUCER,
        SETTINGS({"acks", "all"}, {"enable.idempotence", "false"}, {"message.timeout.ms", "20000"},
                 {"linger.ms", "1"}, {"queue.buffering.max.messages", "1000000"}),
        settings);
}

rd_kafka_t* new_consumer(const setting* settings) {
    return new_client(
        RD_KAFKA_CONSUMER,
        SETTINGS({"group.id", "none"}, {"enable.auto.commit", "false"}, {"auto.offset.reset", "error"},
                 {"check.crcs", "true"}, {"fetch.wait.max.ms", "100"}),
        settings);
}

void flush(rd_kafka_t* producer) {
    expect_success(rd_kafka_flush(producer, within_ms));
}

void destroy(rd_kafka_t* client) {
    if (rd_kafka_type(client) == RD_KAFKA_CONSUMER) expect_success(rd_kafka_assign(client, NULL));
    rd_kafka_destroy(client);
}

/// Waits for the one answer of an administrative request and destroys what it was made of.
static rd_kafka_resp_err_t topic_answer(rd_kafka_t* client, rd_kafka_queue_t* queue, bool is_creation) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, within_ms);
    expect(event != NULL, "no answer in time");
    expect_success(rd_kafka_event_error(event));
    size_t count = 0;
    const rd_kafka_topic_result_t** topics =
        is_creation ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
                    : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    expect(count == 1, "%zu answers", count);
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(topics[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return error;
}

rd_kafka_resp_err_t try_create_topic(const char* name, int partitions, int replicas, const setting* config) {
    rd_kafka_t* client = new_producer(SETTINGS());
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
    char why[512];
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name, partitions, replicas, why, sizeof why);
    expect(topic != NULL, "%s", why);
    for (const setting* one = config; one->name != NULL; ++one)
        expect_success(rd_kafka_NewTopic_set_config(topic, one->name, one->value));
    rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
    const rd_kafka_resp_err_t error = topic_answer(client, queue, true);
    rd_kafka_NewTopic_destroy(topic);
    return error;
}

rd_kafka_resp_err_t try_delete_topic(const char* name) {
    rd_kafka_t* client = new_producer(SETTINGS());
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(client, &topic, 1, NULL, queue);
    const rd_kafka_resp_err_t error = topic_answer(client, queue, false);
    rd_kafka_DeleteTopic_destroy(topic);
    return error;
}

void create_topic(const char* name, int partitions, const setting* config) {
    expect_success(try_create_topic(name, partitions, 1, config));
}

void assign_at(rd_kafka_t* consumer, const char* topic, int32_t partition, int64_t offset) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    expect_success(rd_kafka_assign(consumer, list));
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_message_t* next_message(rd_kafka_t* consumer) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, within_ms);
    expect(message != NULL, "nothing within %d ms", within_ms);
    return message;
}

rd_kafka_resp_err_t next_error(rd_kafka_t* consumer) {
    told_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    const int64_t end = now_ms() + within_ms;
    while (told_error == RD_KAFKA_RESP_ERR_NO_ERROR && now_ms() < end) expect_no_message(consumer, 20);
    return told_error;
}

void expect_no_message(rd_kafka_t* consumer, int wait_ms) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, wait_ms);
    expect(message == NULL, "offset %lld, %s", (long long)message->offset, rd_kafka_err2name(message->err));
}
