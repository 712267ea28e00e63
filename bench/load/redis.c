// Redis Streams: XADD, XRANGE, XREAD, over RESP. A target is a stream of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { records_at_once = 1000 };

static const options* asked_;
static char value_[1 << 20];

static void prepare(const options* asked) {
    asked_ = asked;
    memset(value_, 'r', sizeof value_);
}

static bool greet(connection* c) {
    (void)c;
    return true;
}

static int name_of(char* out, int target) {
    return sprintf(out, "%s-%d", asked_->name, target);
}

static void append(connection* c, int target, uint64_t stamp) {
    char name[name_bytes_max + 16];
    const int length = name_of(name, target);
    if (stamp != 0) memcpy(value_, &stamp, sizeof stamp);
    for (int i = 0; i < asked_->batch; ++i) {
        put_text(&c->out, "*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$1\r\n*\r\n$1\r\nv\r\n$%d\r\n", length, name,
                 asked_->value_bytes);
        put(&c->out, value_, (size_t)asked_->value_bytes);
        put(&c->out, "\r\n", 2);
    }
}

/// What follows the last record that came. A reader from the beginning asks for pieces, one that waits is
/// answered when something comes.
static void ask_on(connection* c) {
    char name[name_bytes_max + 16];
    const int length = name_of(name, c->target);
    const int id = (int)strlen(c->next_id);
    if (c->records_wanted < 0) {
        put_text(&c->out,
                 "*6\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n",
                 length, name, id, c->next_id);
        return;
    }
    put_text(&c->out,
             "*6\r\n$6\r\nXRANGE\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n$1\r\n+\r\n$5\r\nCOUNT\r\n$%d\r\n%d\r\n",
             length, name, id, c->next_id, 4, records_at_once);
}

static void read_stream(connection* c, bool from_now_on) {
    char name[name_bytes_max + 16];
    const int length = name_of(name, c->target);
    strcpy(c->next_id, from_now_on ? "$" : "-");
    if (from_now_on)
        ask_on(c);
    else
        put_text(&c->out, "*2\r\n$4\r\nXLEN\r\n$%d\r\n%s\r\n", length, name);
}

/// Reads a reply from the front; is_short when more bytes must come.
typedef struct cursor {
    const uint8_t *at, *end;
    bool is_short;
} cursor;

static int64_t number_after(cursor* from, char kind) {
    const uint8_t* line = memchr(from->at, '\n', (size_t)(from->end - from->at));
    if (from->is_short || line == NULL) {
        from->is_short = true;
        return 0;
    }
    if (*from->at != (uint8_t)kind) give_up("redis: %.*s", (int)(line - from->at), (const char*)from->at);
    const int64_t number = strtoll((const char*)from->at + 1, NULL, 10);
    from->at = line + 1;
    return number;
}

static const uint8_t* text_of(cursor* from, int64_t* length) {
    *length = number_after(from, '$');
    if (from->is_short || from->end - from->at < *length + 2) {
        from->is_short = true;
        return NULL;
    }
    const uint8_t* text = from->at;
    from->at += *length + 2;
    return text;
}

/// `*N` of entries: `*2 id *2 field value`. A reply is told only when it is there as a whole.
static int64_t take_entries(connection* c, cursor* from, const uint8_t** values) {
    const int64_t count = number_after(from, '*');
    const uint8_t* id = NULL;
    int64_t id_bytes = 0, length = 0;
    for (int64_t i = 0; i < count && !from->is_short; ++i) {
        number_after(from, '*');
        id = text_of(from, &id_bytes);
        number_after(from, '*');
        text_of(from, &length);
        const uint8_t* value = text_of(from, &length);
        if (i < records_at_once) values[i] = value;
    }
    if (from->is_short || count == 0) return 0;
    snprintf(c->next_id, sizeof c->next_id, "%s%.*s", c->records_wanted < 0 ? "" : "(", (int)id_bytes,
             (const char*)id);
    return count;
}

static size_t take(connection* c, const uint8_t* bytes, size_t count) {
    cursor from = {bytes, bytes + count, false};
    if (listener.came != NULL && bytes[0] == ':') {
        c->records_wanted = number_after(&from, ':');
        if (from.is_short) return 0;
        ask_on(c);
        return (size_t)(from.at - bytes);
    }
    if (bytes[0] == '$') {  // the id of an appended record
        int64_t length;
        text_of(&from, &length);
        if (from.is_short) return 0;
        listener.answered(c);
        return (size_t)(from.at - bytes);
    }
    if (c->records_wanted < 0) {  // XREAD: `*1 *2 name entries`
        int64_t length;
        number_after(&from, '*');
        number_after(&from, '*');
        text_of(&from, &length);
    }
    static const uint8_t* values[records_at_once];
    const int64_t records = take_entries(c, &from, values);
    if (from.is_short) return 0;
    if (c->records_wanted >= 0)
        listener.came(c, records, NULL);
    else
        for (int64_t i = 0; i < records && i < records_at_once; ++i) listener.came(c, 1, values[i]);
    if (c->records_wanted < 0 || c->records < c->records_wanted) ask_on(c);
    return (size_t)(from.at - bytes);
}

const protocol redis = {.name = "redis",
                        .prepare = prepare,
                        .greet = greet,
                        .append = append,
                        .is_answered_by_record = true,
                        .read = read_stream,
                        .take = take};
