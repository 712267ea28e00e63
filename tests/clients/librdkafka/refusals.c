// What is refused, by which error, and that clients go on after it.
#include "record.h"
#include "scenarios.h"

static rd_kafka_resp_err_t error_of_topic(rd_kafka_t* client, const char* name) {
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client, name, NULL);
    const struct rd_kafka_metadata* found = NULL;
    expect_success(rd_kafka_metadata(client, 0, topic, &found, within_ms));
    expect(found->topic_cnt == 1 && strcmp(found->topics[0].topic, name) == 0, "%d topics", found->topic_cnt);
    const rd_kafka_resp_err_t error = found->topics[0].err;
    expect(error == RD_KAFKA_RESP_ERR_NO_ERROR || found->topics[0].partition_cnt == 0, "%d partitions",
           found->topics[0].partition_cnt);
    rd_kafka_metadata_destroy(found);
    rd_kafka_topic_destroy(topic);
    return error;
}

void unknown_topics(void) {
    rd_kafka_t* producer = new_producer(SETTINGS({"topic.metadata.propagation.max.ms", "0"}));
    delivery answer = {0};
    produce_record(producer, (record_plan){.topic = "nowhere", .partition = 0, .number = 1}, &answer);
    flush(producer);
    expect(answer.is_answered && answer.status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED, "status %d",
           answer.status);
    expect_error(answer.error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    expect_error(error_of_topic(producer, "nowhere"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_t* consumer = new_consumer(
        SETTINGS({"allow.auto.create.topics", "true"}, {"topic.metadata.propagation.max.ms", "0"}));
    assign_at(consumer, "nowhere", 0, 0);
    expect_error(next_error(consumer), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    destroy(consumer);
    // It was asked for again and again and is still not there; the same producer uses one that is made now.
    expect_error(error_of_topic(producer, "nowhere"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    create_topic("somewhere", 1, SETTINGS());
    answer = (delivery){0};
    produce_record(producer, (record_plan){.topic = "somewhere", .number = 0}, &answer);
    flush(producer);
    expect_deliveries(&answer, 1, 0, 0);
    destroy(producer);
}

void unknown_partitions(void) {
    create_topic("narrow", 2, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS());
    delivery known = {0};
    produce_record(producer, (record_plan){.topic = "narrow", .partition = 1, .number = 0}, &known);
    flush(producer);
    expect_deliveries(&known, 1, 1, 0);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, "narrow", NULL);
    expect(rd_kafka_produce(topic, 2, RD_KAFKA_MSG_F_COPY, "x", 1, NULL, 0, NULL) == -1,
           "partition 2 of 2 is taken");
    expect_error(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_topic_destroy(topic);
    int64_t low = 0;
    int64_t high = 0;
    expect_error(rd_kafka_query_watermark_offsets(producer, "narrow", 2, &low, &high, within_ms),
                 RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    destroy(producer);
}

void too_large(void) {
    create_topic("small", 1, SETTINGS({"max.message.bytes", "10000"}));
    const record_plan small = {.topic = "small", .number = 0, .value_bytes = 9000, .is_random = true};
    const record_plan large = {.topic = "small", .number = 1, .value_bytes = 11000, .is_random = true};
    // The client's own limit is larger, so the broker is the one that refuses.
    rd_kafka_t* producer = new_producer(SETTINGS({"retries", "3"}));
    delivery answers[3] = {0};
    produce_record(producer, small, &answers[0]);
    flush(producer);
    produce_record(producer, large, &answers[1]);
    flush(producer);
    produce_record(producer, small, &answers[2]);
    flush(producer);
    expect_deliveries(&answers[0], 1, 0, 0);
    expect(answers[1].is_answered && answers[1].status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED, "status %d",
           answers[1].status);
    expect_error(answers[1].error, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    expect_deliveries(&answers[2], 1, 0, 1);
    destroy(producer);
    rd_kafka_t* consumer = new_consumer(SETTINGS());
    assign_at(consumer, "small", 0, 0);
    for (int i = 0; i < 2; ++i) {
        rd_kafka_message_t* message = next_message(consumer);
        expect_record(message, small);
        rd_kafka_message_destroy(message);
    }
    expect_no_message(consumer, 150);
    destroy(consumer);
}

void out_of_range(void) {
    create_topic("range", 1, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS());
    delivery answer = {0};
    produce_record(producer, (record_plan){.topic = "range", .number = 0}, &answer);
    flush(producer);
    destroy(producer);
    rd_kafka_t* strict = new_consumer(SETTINGS());
    assign_at(strict, "range", 0, 1000);
    rd_kafka_message_t* message = next_message(strict);
    expect_error(message->err, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    rd_kafka_message_destroy(message);
    // The end is no error: the next record will be there.
    assign_at(strict, "range", 0, 1);
    expect_no_message(strict, 200);
    destroy(strict);
    rd_kafka_t* lenient = new_consumer(SETTINGS({"auto.offset.reset", "earliest"}));
    assign_at(lenient, "range", 0, 1000);
    message = next_message(lenient);
    expect_record(message, (record_plan){.topic = "range", .number = 0});
    rd_kafka_message_destroy(message);
    destroy(lenient);
}

void refused_topics(void) {
    create_topic("there", 1, SETTINGS());
    expect_error(try_create_topic("there", 1, 1, SETTINGS()), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    expect_error(try_create_topic("no/name", 1, 1, SETTINGS()), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    expect_error(try_create_topic("..", 1, 1, SETTINGS()), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    expect_error(try_create_topic("thrice", 1, 3, SETTINGS()), RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR);
    expect_error(try_create_topic("endless", 100000, 1, SETTINGS()), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
    expect_error(try_create_topic("odd", 1, 1, SETTINGS({"no.such.setting", "1"})),
                 RD_KAFKA_RESP_ERR_INVALID_CONFIG);
    expect_error(try_create_topic("odd", 1, 1, SETTINGS({"segment.bytes", "many"})),
                 RD_KAFKA_RESP_ERR_INVALID_CONFIG);
    expect_error(try_delete_topic("nowhere"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    expect_success(try_delete_topic("there"));
    expect_error(try_delete_topic("there"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    create_topic("there", 1, SETTINGS());
}
