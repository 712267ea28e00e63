// What is measured: appends in a closed loop, reading all there is, and the way from a producer to a waiting
// consumer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "load.h"

static const options* asked_;
static const protocol* speaks_;
static uint64_t begun_ns_, counted_from_ns_;
static uint64_t records_, bytes_;
static histogram latencies_;

/// Of one processor, of all the time until now: where it is close to 1, a server might do more than was asked
/// of it.
static double busy(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    const double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return seconds / ((double)(now_ns() - begun_ns_) / 1e9);
}

/// Counting begins when the server is ready for it.
static void count_from_now(void) {
    const uint64_t now = now_ns();
    if (now - begun_ns_ > UINT64_C(20000000000)) give_up("%s does not come into being", asked_->name);
    counted_from_ns_ = now + (uint64_t)(asked_->warm_s * 1e9);
    memset(&latencies_, 0, sizeof latencies_);
    records_ = bytes_ = 0;
}

static void print_rate(double seconds) {
    printf("{\"load_busy\": %.2f, \"seconds\": %.3f", busy(), seconds);
    printf(", \"requests_per_second\": %.1f", (double)latencies_.total / seconds);
    printf(", \"records_per_second\": %.1f", (double)records_ / seconds);
    printf(", \"megabytes_per_second\": %.3f", (double)bytes_ / seconds / 1e6);
}

static void print_latencies(void) {
    printf(", \"p50_us\": %lu, \"p99_us\": %lu, \"p999_us\": %lu, \"max_us\": %lu",
           histogram_at(&latencies_, 0.5), histogram_at(&latencies_, 0.99), histogram_at(&latencies_, 0.999),
           latencies_.highest);
}

// Appends. A connection visits the targets in turn, beginning at its own.
static void append_next(connection* c) {
    const uint64_t target =
        ((uint64_t)c->index + c->number * (uint64_t)asked_->connections) % (uint64_t)asked_->targets;
    c->sent_ns[c->next_sent++ % depth_max] = now_ns();
    ++c->number;
    speaks_->append(c, (int)target, 0);
}

static void begin_appends(connection* c) {
    c->answers_missing = asked_->batch;
    for (int i = 0; i < asked_->depth; ++i) append_next(c);
}

static void on_appended(connection* c) {
    if (speaks_->is_answered_by_record && --c->answers_missing > 0) return;
    c->answers_missing = asked_->batch;
    const uint64_t now = now_ns(), sent = c->sent_ns[c->first_sent++ % depth_max];
    if (now >= counted_from_ns_) {
        histogram_add(&latencies_, (now - sent) / 1000);
        records_ += (uint64_t)asked_->batch;
        bytes_ += (uint64_t)asked_->batch * (uint64_t)asked_->value_bytes;
    }
    append_next(c);
}

void run_append(const options* asked, const protocol* speaks) {
    asked_ = asked;
    speaks_ = speaks;
    listener = (struct listener){.ready = begin_appends, .answered = on_appended, .not_yet = count_from_now};
    begun_ns_ = now_ns();
    counted_from_ns_ = UINT64_MAX;
    open_connections(asked, speaks, asked->connections);
    count_from_now();
    while (now_ns() < counted_from_ns_ + (uint64_t)(asked->seconds * 1e9)) turn(100);
    if (records_ == 0) give_up("nothing was acknowledged in %g s", asked->seconds);
    print_rate(asked->seconds);
    print_latencies();
    printf("}\n");
}

// Reading: a connection for each target.
static int readers_at_work_;
static uint64_t first_ns_, last_ns_;

static void begin_reading(connection* c) {
    c->target = c->index;
    speaks_->read(c, false);
}

static void on_read(connection* c, int64_t records, const uint8_t* value) {
    (void)value;
    if (c->records_wanted >= 0 && c->records >= c->records_wanted) return;
    last_ns_ = now_ns();
    if (first_ns_ == 0) first_ns_ = last_ns_;
    c->records += records;
    records_ += (uint64_t)records;
    bytes_ += (uint64_t)records * (uint64_t)asked_->value_bytes;
    if (c->records_wanted >= 0 && c->records >= c->records_wanted) --readers_at_work_;
}

static void not_there(void) {
    give_up("%s is not there", asked_->name);
}

void run_read(const options* asked, const protocol* speaks) {
    asked_ = asked;
    speaks_ = speaks;
    readers_at_work_ = asked->targets;
    listener = (struct listener){.ready = begin_reading, .came = on_read, .not_yet = not_there};
    const uint64_t begun = begun_ns_ = now_ns();
    open_connections(asked, speaks, asked->targets);
    const uint64_t end = begun + (uint64_t)(asked->seconds * 1e9);
    while (readers_at_work_ > 0 && now_ns() < end) turn(100);
    if (records_ == 0) give_up("there was nothing to read");
    const double took = (double)(last_ns_ - begun) / 1e9;
    print_rate(took);
    printf(", \"records\": %lu, \"is_all\": %s, \"first_us\": %lu}\n", records_,
           readers_at_work_ == 0 ? "true" : "false", (first_ns_ - begun) / 1000);
}

// From end to end: one connection sends at a steady rate, another one waits for what comes. One clock.
static connection* ends_;
static uint64_t sent_, unanswered_;
static int timer_;

static void on_tail_ready(connection* c) {
    if (c->index == 1) speaks_->read(c, true);
}

static void on_acknowledged(connection* c) {
    (void)c;
    --unanswered_;
}

static void on_came(connection* c, int64_t records, const uint8_t* value) {
    (void)c;
    if (value == NULL || records != 1) return;
    uint64_t stamp;
    memcpy(&stamp, value, sizeof stamp);
    const uint64_t now = now_ns();
    if (stamp > now) give_up("a record of somebody else is in %s", asked_->name);
    if (stamp < counted_from_ns_) return;
    histogram_add(&latencies_, (now - stamp) / 1000);
    ++records_;
}

static void send_stamped(void) {
    uint64_t times;
    if (read(timer_, &times, sizeof times) != sizeof times) return;
    for (; times > 0; --times) {
        const uint64_t now = now_ns();
        if (now >= counted_from_ns_) ++sent_;
        ++unanswered_;
        speaks_->append(&ends_[0], 0, now);
    }
    flush(&ends_[0]);
}

void run_tail(const options* asked, const protocol* speaks) {
    asked_ = asked;
    speaks_ = speaks;
    listener = (struct listener){
        .ready = on_tail_ready, .answered = on_acknowledged, .came = on_came, .not_yet = count_from_now};
    begun_ns_ = now_ns();
    ends_ = open_connections(asked, speaks, 2);
    // The reader waits before there is anything to read.
    enum { settled_after_ns = 700000000 };
    count_from_now();
    while (now_ns() < counted_from_ns_ - (uint64_t)(asked->warm_s * 1e9) + settled_after_ns) turn(10);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const long between = (long)(1e9 / asked->rate);
    const struct itimerspec every = {{0, between}, {0, between}};
    timerfd_settime(timer_, 0, &every, NULL);
    watch(timer_, send_stamped);
    count_from_now();
    const uint64_t end = counted_from_ns_ + (uint64_t)(asked->seconds * 1e9);
    while (now_ns() < end) turn(100);
    const struct itimerspec never = {{0, 0}, {0, 0}};
    timerfd_settime(timer_, 0, &never, NULL);
    const uint64_t patience = now_ns() + UINT64_C(5000000000);
    while ((records_ < sent_ || unanswered_ > 0) && now_ns() < patience) turn(20);
    if (records_ == 0) give_up("nothing came to the consumer");
    printf("{\"sent\": %lu, \"missing\": %lu", sent_, sent_ - records_);
    print_latencies();
    printf("}\n");
}

void run_create(const options* asked, const protocol* speaks) {
    asked_ = asked;
    speaks_ = speaks;
    if (speaks->create == NULL) give_up("streams of %s are made otherwise", speaks->name);
    listener = (struct listener){.ready = speaks->create, .answered = on_acknowledged};
    unanswered_ = (uint64_t)asked->targets;
    open_connections(asked, speaks, 1);
    const uint64_t begun = now_ns();
    while (unanswered_ > 0) turn(100);
    printf("{\"created\": %d, \"seconds\": %.3f}\n", asked->targets, (double)(now_ns() - begun) / 1e9);
}
