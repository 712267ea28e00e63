// Where reading may begin: offsets by time, watermarks, seeking.
#include "record.h"
#include "scenarios.h"

enum { time_partitions = 3, time_records = 2000 };

static record_plan plan_of(int32_t partition, int64_t number) {
    return (record_plan){.topic = "times", .partition = partition, .number = number, .value_bytes = 100};
}

void fill_times(void) {
    create_topic("times", time_partitions, SETTINGS({"segment.bytes", "20000"}));
    rd_kafka_t* producer = new_producer(SETTINGS({"batch.num.messages", "7"}, {"linger.ms", "0"}));
    static delivery answers[time_partitions][time_records];
    // The last partition stays empty.
    for (int64_t number = 0; number < time_records; ++number)
        for (int32_t partition = 0; partition < time_partitions - 1; ++partition)
            produce_record(producer, plan_of(partition, number), &answers[partition][number]);
    flush(producer);
    for (int32_t partition = 0; partition < time_partitions - 1; ++partition)
        expect_deliveries(answers[partition], time_records, partition, 0);
    destroy(producer);
}

/// The first offset whose record is not older; what the broker has to find.
static int64_t first_not_before(int64_t time) {
    for (int64_t number = 0; number < time_records; ++number)
        if (time_of_record(number) >= time) return number;
    return RD_KAFKA_OFFSET_END;
}

/// Asks for all partitions at once.
static void expect_times(rd_kafka_t* client, int64_t time) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(time_partitions);
    for (int32_t partition = 0; partition < time_partitions; ++partition)
        rd_kafka_topic_partition_list_add(list, "times", partition)->offset = time;
    expect_success(rd_kafka_offsets_for_times(client, list, within_ms));
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t* found = &list->elems[i];
        expect_success(found->err);
        const int64_t wanted =
            found->partition == time_partitions - 1 ? RD_KAFKA_OFFSET_END : first_not_before(time);
        expect(found->offset == wanted, "time %lld in partition %d is at %lld, not %lld", (long long)time,
               found->partition, (long long)found->offset, (long long)wanted);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

void find_times(void) {
    rd_kafka_t* client = new_producer(SETTINGS());
    const int64_t end = BEGIN_MS + time_records * 37;
    expect_times(client, 0);
    expect_times(client, end);
    expect_times(client, INT64_MAX);
    for (int64_t time = BEGIN_MS - 1; time < end; time += 37 * 61 + 1) expect_times(client, time);
    for (int64_t number = 0; number < time_records; number += 97) {
        expect_times(client, time_of_record(number));
        expect_times(client, time_of_record(number) + 1);
    }
    destroy(client);
}

static void expect_watermarks(rd_kafka_t* client, int64_t low, int64_t high) {
    int64_t found_low = -1;
    int64_t found_high = -1;
    expect_success(rd_kafka_query_watermark_offsets(client, "marks", 0, &found_low, &found_high, within_ms));
    expect(found_low == low && found_high == high, "%lld to %lld instead of %lld to %lld",
           (long long)found_low, (long long)found_high, (long long)low, (long long)high);
}

void watermarks(void) {
    create_topic("marks", 1, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS());
    expect_watermarks(producer, 0, 0);
    delivery answer;
    for (int64_t number = 0; number < 50; ++number) {
        answer = (delivery){0};
        produce_record(producer, (record_plan){.topic = "marks", .number = number}, &answer);
        flush(producer);
        // An acknowledged record counts at once.
        expect_watermarks(producer, 0, number + 1);
    }
    destroy(producer);
    // A consumer knows them from what it fetched.
    rd_kafka_t* consumer = new_consumer(SETTINGS());
    assign_at(consumer, "marks", 0, 49);
    rd_kafka_message_destroy(next_message(consumer));
    int64_t low = -1;
    int64_t high = -1;
    expect_success(rd_kafka_get_watermark_offsets(consumer, "marks", 0, &low, &high));
    expect(low == 0 && high == 50, "%lld to %lld", (long long)low, (long long)high);
    destroy(consumer);
}

static void seek(rd_kafka_t* consumer, const char* topic, int64_t offset) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    rd_kafka_error_t* error = rd_kafka_seek_partitions(consumer, list, within_ms);
    expect(error == NULL, "%s", rd_kafka_error_string(error));
    expect_success(list->elems[0].err);
    rd_kafka_topic_partition_list_destroy(list);
}

void seeking(void) {
    enum { records = 1000 };
    create_topic("seek", 1, SETTINGS({"segment.bytes", "20000"}));
    rd_kafka_t* producer = new_producer(SETTINGS({"batch.num.messages", "13"}));
    static delivery answers[records];
    for (int64_t number = 0; number < records; ++number)
        produce_record(producer, (record_plan){.topic = "seek", .number = number}, &answers[number]);
    flush(producer);
    destroy(producer);
    rd_kafka_t* consumer = new_consumer(SETTINGS());
    assign_at(consumer, "seek", 0, RD_KAFKA_OFFSET_BEGINNING);
    int64_t offset = 0;
    for (int step = 0; step < 40; ++step) {
        for (int64_t number = offset; number < offset + 5 && number < records; ++number) {
            rd_kafka_message_t* message = next_message(consumer);
            expect(message->offset == number, "offset %lld, not %lld", (long long)message->offset,
                   (long long)number);
            expect_record(message, (record_plan){.topic = "seek", .number = number});
            rd_kafka_message_destroy(message);
        }
        offset = (offset * 31 + 617) % records;
        seek(consumer, "seek", offset);
    }
    destroy(consumer);
}
