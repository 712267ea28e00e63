// A load on a Kafka-protocol broker, Redis Streams or NATS JetStream: one thread, one epoll, the same loop
// for all three, so that what differs is the server.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { depth_max = 1024, name_bytes_max = 64 };

typedef struct options {
    const char* host;
    int port;
    const char* name;  ///< of the topic, stream or streams
    int targets;       ///< partitions, or streams NAME-0, NAME-1, …
    int connections;
    int depth;  ///< requests in flight on a connection
    int batch;  ///< records in a request
    int value_bytes;
    double seconds;
    double warm_s;  ///< before them, not counted
    double rate;    ///< records/s, where latency is measured from end to end
} options;

typedef struct buffer {
    uint8_t* data;
    size_t begin, end, capacity;
} buffer;

typedef struct connection {
    int fd;
    int index;
    buffer in, out;
    bool is_ready;
    int answers_missing;          ///< of the oldest request, where each record is answered
    uint64_t sent_ns[depth_max];  ///< of the requests in flight
    unsigned first_sent, next_sent;
    uint64_t number;   ///< of requests
    int target;        ///< of a reader
    int64_t next;      ///< of a reader: the offset (Kafka)
    char next_id[48];  ///< of a reader: the id (Redis)
    int64_t records,
        records_wanted;  ///< of a reader; wanted is -1 until the server has said how many there are
} connection;

/// What a protocol does. Requests go to `out` of a connection; answers are told to `listener`.
typedef struct protocol {
    const char* name;
    /// Once, before all others.
    void (*prepare)(const options* asked);
    /// What a new connection says; true if it may be used at once, else `listener.ready` comes.
    bool (*greet)(connection*);
    /// One request with options.batch records. `stamp` begins each value when it is not 0.
    void (*append)(connection*, int target, uint64_t stamp);
    bool is_answered_by_record;
    /// A reader's first request: from the beginning, or only what comes from now on. Then come the records of
    /// `target`.
    void (*read)(connection*, bool from_now_on);
    /// How many of these bytes were an answer; 0 if more must come first.
    size_t (*take)(connection*, const uint8_t* bytes, size_t count);
    /// Makes the streams, where the command line of logstore cannot.
    void (*create)(connection*);
} protocol;

extern const protocol kafka, redis, nats;

struct listener {
    void (*ready)(connection*);
    void (*not_yet)(void);          ///< a topic is not quite there; what was asked is asked again
    void (*answered)(connection*);  ///< one request, or one record where is_answered_by_record
    /// Records of a reader; where it waits for them one by one, with their values.
    void (*came)(connection*, int64_t records, const uint8_t* value);
};
extern struct listener listener;

_Noreturn void give_up(const char* format, ...) __attribute__((format(printf, 1, 2)));
uint64_t now_ns(void);

/// Room for `count` bytes at the end.
uint8_t* reserve(buffer*, size_t count);
void put(buffer*, const void* bytes, size_t count);
void put_text(buffer*, const char* format, ...) __attribute__((format(printf, 2, 3)));

// The engine.
connection* open_connections(const options* asked, const protocol* speaks, int count);
/// Waits for what comes, takes it, sends what became of it.
void turn(int wait_ms);
void flush(connection*);
/// `wake_fd` becomes readable: `woken` is called.
void watch(int wake_fd, void (*woken)(void));

typedef struct histogram {
    uint64_t counts[1 << 16];
    uint64_t total, highest;
} histogram;
void histogram_add(histogram*, uint64_t us);
uint64_t histogram_at(const histogram*, double share);

// The loads; each prints one line of JSON.
void run_append(const options*, const protocol*);
void run_read(const options*, const protocol*);
void run_tail(const options*, const protocol*);
void run_create(const options*, const protocol*);
