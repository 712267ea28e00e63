// Consumers that wait: for the next record, and for enough bytes.
#include "record.h"
#include "scenarios.h"

static void produce_one(rd_kafka_t* producer, const char* topic, int64_t number, size_t bytes) {
    delivery answer = {0};
    const record_plan plan = {.topic = topic, .number = number, .value_bytes = bytes, .is_random = true};
    produce_record(producer, plan, &answer);
    flush(producer);
    expect_deliveries(&answer, 1, 0, number);
}

/// How long the record of this number, produced now, takes to reach a consumer that waits already.
static int64_t arrival_ms(rd_kafka_t* producer, rd_kafka_t* consumer, const char* topic, int64_t number,
                          size_t bytes) {
    const int64_t begun = now_ms();
    produce_one(producer, topic, number, bytes);
    rd_kafka_message_t* message = next_message(consumer);
    const int64_t took = now_ms() - begun;
    expect(message->offset == number, "offset %lld, not %lld", (long long)message->offset, (long long)number);
    expect_record(message,
                  (record_plan){.topic = topic, .number = number, .value_bytes = bytes, .is_random = true});
    rd_kafka_message_destroy(message);
    return took;
}

void long_poll(void) {
    enum { rounds = 20 };
    create_topic("poll", 1, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS({"linger.ms", "0"}));
    rd_kafka_t* consumer =
        new_consumer(SETTINGS({"fetch.wait.max.ms", "10000"}, {"socket.timeout.ms", "20000"}));
    assign_at(consumer, "poll", 0, 0);
    expect_no_message(consumer, 300);
    int slow = 0;
    for (int64_t number = 0; number < rounds; ++number) {
        const int64_t took = arrival_ms(producer, consumer, "poll", number, 100);
        expect(took < 5000, "record %lld came after %lld ms, as if its fetch had waited to its end",
               (long long)number, (long long)took);
        if (took > 100) ++slow;
        expect_no_message(consumer, 20);
    }
    expect(slow <= rounds / 2, "%d of %d records came later than 100 ms", slow, rounds);
    destroy(consumer);
    destroy(producer);
}

void minimum_bytes(void) {
    enum { wait_ms = 1500 };
    create_topic("enough", 1, SETTINGS());
    rd_kafka_t* producer = new_producer(SETTINGS({"linger.ms", "0"}));
    rd_kafka_t* consumer =
        new_consumer(SETTINGS({"fetch.wait.max.ms", "1500"}, {"fetch.min.bytes", "100000"}));
    assign_at(consumer, "enough", 0, 0);
    // The first shows when a fetch ends, so that the next one begins when it is here.
    arrival_ms(producer, consumer, "enough", 0, 50);
    const int64_t little_ms = arrival_ms(producer, consumer, "enough", 1, 50);
    expect(little_ms >= wait_ms - 300, "a fetch was answered after %lld ms without enough bytes",
           (long long)little_ms);
    expect(little_ms < wait_ms + 3000, "a fetch waited %lld ms", (long long)little_ms);
    const int64_t enough_ms = arrival_ms(producer, consumer, "enough", 2, 200000);
    expect(enough_ms < wait_ms - 300, "enough bytes waited %lld ms", (long long)enough_ms);
    destroy(consumer);
    destroy(producer);
}
