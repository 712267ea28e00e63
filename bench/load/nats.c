// NATS JetStream: published with an inbox for the acknowledgement, read by a push consumer without
// acknowledgements. A target is a stream of its own, with one subject of its name.
#define _GNU_SOURCE  // memmem
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static const options* asked_;
static int process_;  // in the names of inboxes, which are all clients'
static char value_[1 << 20];

static void prepare(const options* asked) {
    asked_ = asked;
    process_ = getpid();
    memset(value_, 'n', sizeof value_);
}

/// Subscriptions, and the inboxes of their names. What a stream delivers carries the subject it was published
/// to, so they are told apart by the subscription.
enum { acknowledgements = 1, answers = 2, deliveries = 3 };

static bool greet(connection* c) {
    put_text(&c->out,
             "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,"
             "\"protocol\":1,\"lang\":\"c\",\"version\":\"1\",\"name\":\"load\"}\r\n");
    for (int inbox = acknowledgements; inbox <= deliveries; ++inbox)
        put_text(&c->out, "SUB I.%d.%d.%d %d\r\n", process_, c->index, inbox, inbox);
    put_text(&c->out, "PING\r\n");
    return false;
}

static void append(connection* c, int target, uint64_t stamp) {
    if (stamp != 0) memcpy(value_, &stamp, sizeof stamp);
    for (int i = 0; i < asked_->batch; ++i) {
        put_text(&c->out, "PUB %s-%d I.%d.%d.%d %d\r\n", asked_->name, target, process_, c->index,
                 acknowledgements, asked_->value_bytes);
        put(&c->out, value_, (size_t)asked_->value_bytes);
        put(&c->out, "\r\n", 2);
    }
}

static void ask(connection* c, const char* subject, const char* body) {
    put_text(&c->out, "PUB %s I.%d.%d.%d %zu\r\n%s\r\n", subject, process_, c->index, answers, strlen(body),
             body);
}

static void create(connection* c) {
    char subject[256], body[512];
    for (int target = 0; target < asked_->targets; ++target) {
        snprintf(subject, sizeof subject, "$JS.API.STREAM.CREATE.%s-%d", asked_->name, target);
        snprintf(body, sizeof body,
                 "{\"name\":\"%s-%d\",\"subjects\":[\"%s-%d\"],\"storage\":\"file\",\"retention\":\"limits\","
                 "\"num_replicas\":1}",
                 asked_->name, target, asked_->name, target);
        ask(c, subject, body);
    }
}

static void read_stream(connection* c, bool from_now_on) {
    char subject[256], body[512];
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.CREATE.%s-%d", asked_->name, c->target);
    snprintf(
        body, sizeof body,
        "{\"stream_name\":\"%s-%d\",\"config\":{\"deliver_subject\":\"I.%d.%d.%d\",\"ack_policy\":\"none\","
        "\"deliver_policy\":\"%s\",\"replay_policy\":\"instant\",\"flow_control\":true,\"idle_heartbeat\":"
        "5000000000,"
        "\"mem_storage\":true}}",
        asked_->name, c->target, process_, c->index, deliveries, from_now_on ? "new" : "all");
    ask(c, subject, body);
}

static void take_message(connection* c, int inbox, const uint8_t* payload, size_t bytes) {
    if (inbox == deliveries) {
        listener.came(c, 1, payload);
        return;
    }
    if (memmem(payload, bytes < 4096 ? bytes : 4096, "\"error\"", 7) != NULL)
        give_up("nats: %.*s", (int)bytes, (const char*)payload);
    if (inbox == answers && listener.came != NULL) {  // the consumer is there
        static const char pending[] = "\"num_pending\":";
        const uint8_t* found = memmem(payload, bytes, pending, sizeof pending - 1);
        if (found == NULL) give_up("nats: %.*s", (int)bytes, (const char*)payload);
        c->records_wanted = strtoll((const char*)found + sizeof pending - 1, NULL, 10);
        return;
    }
    listener.answered(c);
}

/// `MSG subject sid [reply] bytes` or `HMSG subject sid [reply] header-bytes bytes`, then so many bytes and a
/// line end.
static size_t take_delivery(connection* c, const uint8_t* bytes, size_t count, size_t line_bytes) {
    char line[512];
    if (line_bytes >= sizeof line) give_up("nats: a long line");
    memcpy(line, bytes, line_bytes);
    line[line_bytes] = '\0';
    char* words[8];
    int words_count = 0;
    for (char* word = strtok(line, " \r\n"); word != NULL && words_count < 8; word = strtok(NULL, " \r\n"))
        words[words_count++] = word;
    const bool has_header = words[0][0] == 'H';
    const int least = has_header ? 5 : 4;
    if (words_count < least) give_up("nats: a delivery of %d words", words_count);
    const size_t size = strtoul(words[words_count - 1], NULL, 10);
    const size_t header = has_header ? strtoul(words[words_count - 2], NULL, 10) : 0;
    if (count < line_bytes + size + 2) return 0;
    const uint8_t* payload = bytes + line_bytes;
    if (has_header &&
        size == header) {  // a word of the server: flow control, a heartbeat, or that nobody listens
        if (memmem(payload, header, " 503", 4) != NULL)
            give_up("nats: there is no stream for %s", asked_->name);
        if (words_count > least) put_text(&c->out, "PUB %s 0\r\n\r\n", words[3]);
    } else {
        take_message(c, atoi(words[2]), payload + header, size - header);
    }
    return line_bytes + size + 2;
}

static size_t take(connection* c, const uint8_t* bytes, size_t count) {
    const uint8_t* line_end = memchr(bytes, '\n', count);
    if (line_end == NULL) return 0;
    const size_t line_bytes = (size_t)(line_end - bytes) + 1;
    switch (bytes[0]) {
        case 'M':
        case 'H': return take_delivery(c, bytes, count, line_bytes);
        case '-': give_up("nats: %.*s", (int)line_bytes, (const char*)bytes);
        case 'P':
            if (bytes[1] == 'I')
                put_text(&c->out, "PONG\r\n");
            else if (!c->is_ready)
                c->is_ready = true, listener.ready(c);
            return line_bytes;
        default: return line_bytes;
    }
}

const protocol nats = {.name = "nats",
                       .prepare = prepare,
                       .greet = greet,
                       .append = append,
                       .is_answered_by_record = true,
                       .read = read_stream,
                       .take = take,
                       .create = create};
