#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { answer_within_ms = 30000 };

void give_up(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void sleep_until_ns(int64_t time) {
    const struct timespec until = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
    }
}

static void set(rd_kafka_conf_t* config, const char* name, const char* value) {
    char why[512];
    if (rd_kafka_conf_set(config, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) give_up("%s", why);
}

rd_kafka_t* new_client(rd_kafka_type_t type, const options* asked, const char* const* defaults,
                       delivery_function on_delivery) {
    rd_kafka_conf_t* config = rd_kafka_conf_new();
    set(config, "bootstrap.servers", asked->server);
    for (; defaults[0] != NULL; defaults += 2) set(config, defaults[0], defaults[1]);
    for (size_t i = 0; i < asked->setting_count; ++i) {
        const char* equals = strchr(asked->settings[i], '=');
        if (equals == NULL) give_up("-X takes name=value, not '%s'", asked->settings[i]);
        char* name = strndup(asked->settings[i], (size_t)(equals - asked->settings[i]));
        set(config, name, equals + 1);
        free(name);
    }
    if (on_delivery != NULL) rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
    char why[512];
    rd_kafka_t* client = rd_kafka_new(type, config, why, sizeof why);
    if (client == NULL) give_up("%s", why);
    return client;
}

int32_t partition_count(rd_kafka_t* client, const char* name) {
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, name, NULL);
    const struct rd_kafka_metadata* found = NULL;
    const rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, topic, &found, answer_within_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("no metadata: %s", rd_kafka_err2str(error));
    if (found->topic_cnt != 1 || found->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up("topic %s: %s; create it first", name, rd_kafka_err2str(found->topics[0].err));
    const int32_t count = found->topics[0].partition_cnt;
    if (count > partitions_max)
        give_up("topic %s has %d partitions; at most %d", name, count, partitions_max);
    rd_kafka_metadata_destroy(found);
    rd_kafka_topic_destroy(topic);
    return count;
}

watermarks watermarks_of(rd_kafka_t* client, const char* topic, int32_t partition) {
    watermarks found;
    const rd_kafka_resp_err_t error =
        rd_kafka_query_watermark_offsets(client, topic, partition, &found.low, &found.high, answer_within_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("partition %d: %s", partition, rd_kafka_err2str(error));
    return found;
}
