#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { silent_s = 20, read_bytes = 256 << 10 };

struct listener listener;
static const protocol* speaks_;
static int epoll_ = -1;
static int wake_ = -1;
static void (*woken_)(void);
static uint64_t last_heard_ns_;

void give_up(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint8_t* reserve(buffer* into, size_t count) {
    if (into->begin == into->end) into->begin = into->end = 0;
    if (into->capacity - into->end < count && into->begin > 0) {
        memmove(into->data, into->data + into->begin, into->end - into->begin);
        into->end -= into->begin;
        into->begin = 0;
    }
    if (into->capacity - into->end < count) {
        into->capacity = (into->end + count) * 2;
        into->data = realloc(into->data, into->capacity);
        if (into->data == NULL) give_up("no memory");
    }
    return into->data + into->end;
}

void put(buffer* into, const void* bytes, size_t count) {
    memcpy(reserve(into, count), bytes, count);
    into->end += count;
}

void put_text(buffer* into, const char* format, ...) {
    enum { most = 1024 };
    va_list arguments;
    va_start(arguments, format);
    const int count = vsnprintf((char*)reserve(into, most), most, format, arguments);
    va_end(arguments);
    if (count >= most) give_up("a request that is too long");
    into->end += (size_t)count;
}

void flush(connection* c) {
    while (c->out.begin < c->out.end) {
        const ssize_t written = write(c->fd, c->out.data + c->out.begin, c->out.end - c->out.begin);
        if (written < 0 && errno == EAGAIN) return;
        if (written < 0) give_up("cannot send: %s", strerror(errno));
        c->out.begin += (size_t)written;
    }
}

static void open_connection(const options* asked, connection* c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)asked->port)};
    if (inet_pton(AF_INET, asked->host, &address.sin_addr) != 1) give_up("'%s' is no address", asked->host);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr*)&address, sizeof address) != 0)
        give_up("cannot connect to %s:%d: %s", asked->host, asked->port, strerror(errno));
    const int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c->fd, &event);
    if (!speaks_->greet(c)) return;
    c->is_ready = true;
}

connection* open_connections(const options* asked, const protocol* speaks, int count) {
    speaks_ = speaks;
    if (epoll_ < 0) epoll_ = epoll_create1(0);
    last_heard_ns_ = now_ns();
    connection* all = calloc((size_t)count, sizeof *all);
    if (all == NULL) give_up("no memory for %d connections", count);
    for (int i = 0; i < count; ++i) {
        all[i].index = i;
        all[i].records_wanted = -1;
        open_connection(asked, &all[i]);
    }
    for (int i = 0; i < count; ++i) {
        if (all[i].is_ready && listener.ready != NULL) listener.ready(&all[i]);
        flush(&all[i]);
    }
    return all;
}

void watch(int wake_fd, void (*woken)(void)) {
    wake_ = wake_fd;
    woken_ = woken;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd, &event);
}

static void take_all(connection* c) {
    while (c->in.begin < c->in.end) {
        const size_t taken = speaks_->take(c, c->in.data + c->in.begin, c->in.end - c->in.begin);
        if (taken == 0) return;
        c->in.begin += taken;
    }
}

static void receive(connection* c) {
    for (;;) {
        uint8_t* into = reserve(&c->in, read_bytes);
        const ssize_t came = read(c->fd, into, read_bytes);
        if (came == 0) give_up("the server has closed a connection");
        if (came < 0 && errno == EAGAIN) return;
        if (came < 0) give_up("cannot receive: %s", strerror(errno));
        c->in.end += (size_t)came;
        take_all(c);
        if (came < read_bytes) return;
    }
}

void turn(int wait_ms) {
    struct epoll_event events[256];
    const int count = epoll_wait(epoll_, events, 256, wait_ms);
    for (int i = 0; i < count; ++i) {
        connection* c = events[i].data.ptr;
        if (c == NULL) {
            woken_();
            continue;
        }
        if (events[i].events & EPOLLIN) {
            last_heard_ns_ = now_ns();
            receive(c);
        }
        flush(c);
    }
    if (now_ns() - last_heard_ns_ > UINT64_C(1000000000) * silent_s)
        give_up("the server has said nothing for %d s", silent_s);
}
