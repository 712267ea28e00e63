// What is produced comes back, byte for byte: codecs, sizes, partitions, order.
#include <stdio.h>
#include <stdlib.h>

#include "record.h"
#include "scenarios.h"

static const char* const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};

enum { codec_count = sizeof codecs / sizeof codecs[0], codec_records = 3000 };

static void name_of_codec_topic(char* name, size_t size, const char* codec) {
    snprintf(name, size, "codec-%s", codec);
}

void write_codecs(void) {
    for (size_t i = 0; i < codec_count; ++i) {
        char topic[32];
        name_of_codec_topic(topic, sizeof topic, codecs[i]);
        create_topic(topic, 1, SETTINGS());
        rd_kafka_t* producer = new_producer(SETTINGS({"compression.codec", codecs[i]}, {"linger.ms", "20"}));
        delivery* answers = calloc(codec_records, sizeof *answers);
        for (int64_t number = 0; number < codec_records; ++number)
            produce_record(producer, (record_plan){.topic = topic, .number = number}, &answers[number]);
        flush(producer);
        expect_deliveries(answers, codec_records, 0, 0);
        destroy(producer);
        free(answers);
    }
}

/// From `first` to the last.
static void read_codec(const char* topic, rd_kafka_t* consumer, int64_t first) {
    assign_at(consumer, topic, 0, first);
    for (int64_t number = first; number < codec_records; ++number) {
        rd_kafka_message_t* message = next_message(consumer);
        expect_record(message, (record_plan){.topic = topic, .number = number});
        expect(message->offset == number, "offset %lld where %lld is next", (long long)message->offset,
               (long long)number);
        rd_kafka_message_destroy(message);
    }
}

void read_codecs(void) {
    for (size_t i = 0; i < codec_count; ++i) {
        char topic[32];
        name_of_codec_topic(topic, sizeof topic, codecs[i]);
        rd_kafka_t* consumer = new_consumer(SETTINGS());
        // Within a batch too: the client leaves out what lies before.
        const int64_t starts[] = {0, 1, codec_records / 2 + 1, codec_records - 1};
        for (size_t k = 0; k < sizeof starts / sizeof starts[0]; ++k) read_codec(topic, consumer, starts[k]);
        assign_at(consumer, topic, 0, RD_KAFKA_OFFSET_TAIL(7));
        for (int64_t number = codec_records - 7; number < codec_records; ++number) {
            rd_kafka_message_t* message = next_message(consumer);
            expect_record(message, (record_plan){.topic = topic, .number = number});
            rd_kafka_message_destroy(message);
        }
        expect_no_message(consumer, 150);
        destroy(consumer);
    }
}

void big_records(void) {
    // A batch has to fit into half a journal file, which is small in tests.
    create_topic("big", 1, SETTINGS({"max.message.bytes", "2000000"}));
    rd_kafka_t* producer =
        new_producer(SETTINGS({"message.max.bytes", "20000000"}, {"compression.codec", "zstd"}));
    // The last is far larger than the topic allows, but not so the batch it travels in.
    const record_plan plans[] = {{.topic = "big", .number = 0, .value_bytes = 1900000, .is_random = true},
                                 {.topic = "big", .number = 1},
                                 {.topic = "big", .number = 2, .value_bytes = 1900001, .is_random = true},
                                 {.topic = "big", .number = 3, .value_bytes = 1, .is_random = true},
                                 {.topic = "big", .number = 4, .value_bytes = 16000000}};
    enum { count = sizeof plans / sizeof plans[0] };
    delivery answers[count] = {0};
    for (size_t i = 0; i < count; ++i) {
        produce_record(producer, plans[i], &answers[i]);
        flush(producer);
    }
    expect_deliveries(answers, count, 0, 0);
    destroy(producer);
    // A batch that is larger than what is asked for comes all the same, and alone.
    rd_kafka_t* consumer = new_consumer(SETTINGS({"fetch.max.bytes", "1000"}, {"message.max.bytes", "1000"},
                                                 {"fetch.message.max.bytes", "1000"}));
    assign_at(consumer, "big", 0, 0);
    for (size_t i = 0; i < count; ++i) {
        rd_kafka_message_t* message = next_message(consumer);
        expect(message->offset == (int64_t)i, "offset %lld after %zu records", (long long)message->offset, i);
        expect_record(message, plans[i]);
        rd_kafka_message_destroy(message);
    }
    destroy(consumer);
}

void many_partitions(void) {
    enum { partitions = 200, records = 10000 };
    create_topic("wide", partitions, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS({"compression.codec", "lz4"}));
    delivery* answers = calloc(records, sizeof *answers);
    for (int64_t number = 0; number < records; ++number) {
        const record_plan plan = {
            .topic = "wide", .partition = (int32_t)(number % partitions), .number = number};
        produce_record(producer, plan, &answers[number]);
    }
    flush(producer);
    destroy(producer);
    for (int64_t number = 0; number < records; ++number) {
        expect(answers[number].is_answered, "record %lld has no answer", (long long)number);
        expect_success(answers[number].error);
        expect(
            answers[number].partition == number % partitions && answers[number].offset == number / partitions,
            "record %lld is told partition %d offset %lld", (long long)number, answers[number].partition,
            (long long)answers[number].offset);
    }
    free(answers);
    rd_kafka_t* consumer = new_consumer(SETTINGS());
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int32_t i = 0; i < partitions; ++i) rd_kafka_topic_partition_list_add(list, "wide", i)->offset = 0;
    expect_success(rd_kafka_assign(consumer, list));
    rd_kafka_topic_partition_list_destroy(list);
    int64_t next[partitions] = {0};
    for (int64_t read = 0; read < records; ++read) {
        rd_kafka_message_t* message = next_message(consumer);
        expect_success(message->err);
        const int32_t partition = message->partition;
        expect(message->offset == next[partition], "partition %d gives offset %lld after %lld", partition,
               (long long)message->offset, (long long)next[partition]);
        const int64_t number = next[partition]++ * partitions + partition;
        expect_record(message, (record_plan){.topic = "wide", .partition = partition, .number = number});
        rd_kafka_message_destroy(message);
    }
    expect_no_message(consumer, 150);
    destroy(consumer);
}

void pipelined_order(void) {
    enum { records = 60000 };
    create_topic("order", 1, SETTINGS());
    // Five requests of few records under way at any time; nothing is sent twice, so order is the broker's
    // alone.
    rd_kafka_t* producer =
        new_producer(SETTINGS({"max.in.flight.requests.per.connection", "5"}, {"linger.ms", "0"},
                              {"batch.num.messages", "25"}, {"retries", "0"}));
    delivery* answers = calloc(records, sizeof *answers);
    for (int64_t number = 0; number < records; ++number)
        produce_record(producer, (record_plan){.topic = "order", .number = number, .value_bytes = 40},
                       &answers[number]);
    flush(producer);
    expect_deliveries(answers, records, 0, 0);
    free(answers);
    destroy(producer);
    rd_kafka_t* consumer = new_consumer(SETTINGS());
    assign_at(consumer, "order", 0, 0);
    for (int64_t number = 0; number < records; ++number) {
        rd_kafka_message_t* message = next_message(consumer);
        expect(message->offset == number, "offset %lld where %lld is next", (long long)message->offset,
               (long long)number);
        expect_record(message, (record_plan){.topic = "order", .number = number, .value_bytes = 40});
        rd_kafka_message_destroy(message);
    }
    destroy(consumer);
}
