// A disk with a volatile write cache that can lose power: a plugin of nbdkit. README.md says what it is for.
//
//   nbdkit cutdisk.so platter=FILE size=BYTES control=SOCKET
//
// A write stays in the cache until a FLUSH, or goes through with FUA. A cut decides for each sector that is
// only in the cache whether it reaches the platter; from then on every request fails, until the plugin is
// started again on the same platter. Commands, one a line on the socket, each answered by one line:
//   data FIRST COUNT NOISE     these sectors hold contents of files: a cut may tear them at every sector, and
//   with
//                              NOISE 1 leave garbage in them. All others are kept or dropped in blocks of 4
//                              KiB
//   cut SEED KEEP GARBLE       lose power. Of what is cached KEEP in 1000 reaches the platter, and GARBLE in
//   1000
//                              of the rest is garbage. The same seed and the same cache decide the same
//   cut SEED order             lose power; what was written first is kept, from a random sector on nothing is
//   soon WRITES                the next cut waits until so many writes came, and comes before the FLUSH
//   behind them;
//                              half a second at the most
//   slow-flush MICROSECONDS    from now on a FLUSH takes that long, and keeps nothing before its end
//   write-back                 as a FLUSH from below: the whole cache reaches the platter
//   fail-flush N [COUNT]       the N-th flush or FUA write from now, and the COUNT - 1 behind it, fail with EIO,
//                              and what they should have kept is dropped; later ones succeed, as Linux lets
//                              them. Where contents of files were named by data, only those are dropped
//   fail-write N [COUNT]       the N-th write from now fails with EIO, and nothing of it is kept. N = 0, here and
//                              above: none fails any more
//   counts                     what happened so far
// All state belongs to one lock: nbdkit's thread and the one that obeys commands.
#define NBDKIT_API_VERSION 2
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nbdkit-plugin.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS

enum { sector_bytes = 512, sectors_a_block = 8, second_ns = 1000000000, soon_ns = second_ns / 2 };

enum sector_state {
    clean,   // the platter has it
    cached,  // only the cache has its newest bytes; listed in `order`
    passed,  // was cached, then went through; still listed
};

enum sector_contents {
    unknown,     // of the file system, for all that is known
    torn,        // of a file
    torn_noisy,  // of a file that has to bear garbage
};

static char *platter_path, *control_path;
static int64_t size;
static uint8_t* platter;   // what survives a cut
static uint8_t* cache;     // as big, and real only where something was written
static uint8_t* contents;  // of each sector, an enum sector_contents
static uint8_t* state;     // of each sector, an enum sector_state
static uint32_t* order;    // the sectors in the order in which they came into the cache
static size_t order_count;
static bool is_dead;
/// Counts down to the first request that fails.
struct failure {
    uint64_t in, count;  // none when `count` is 0
};
static struct failure fail_flush, fail_write;
static bool knows_contents;  // some sectors were named as those of files
static unsigned flush_takes_us;
static uint64_t writes, flushes, through_writes, sectors_written, cached_count, failures;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint8_t* on_platter(uint64_t sector) {
    return platter + sector * sector_bytes;
}

static uint8_t* in_cache(uint64_t sector) {
    return cache + sector * sector_bytes;
}

static uint64_t next_random(uint64_t* from) {  // splitmix64
    uint64_t z = (*from += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/// Of one unit, whatever the order in which its sectors were written.
static uint64_t random_of(uint64_t seed, uint64_t unit) {
    uint64_t from = seed ^ unit * 0xd1342543de82ef95u;
    next_random(&from);
    return next_random(&from);
}

static void forget_cache(void) {
    for (size_t i = 0; i < order_count; i++) state[order[i]] = clean;
    order_count = 0;
    cached_count = 0;
}

/// What a failed flush takes away.
static void drop_cache(void) {
    if (!knows_contents) {
        forget_cache();
        return;
    }
    for (size_t i = 0; i < order_count; i++) {
        if (state[order[i]] != cached || contents[order[i]] == unknown) continue;
        state[order[i]] = passed;  // the platter has what there is
        cached_count--;
    }
}

static void write_back(void) {
    for (size_t i = 0; i < order_count; i++)
        if (state[order[i]] == cached) memcpy(on_platter(order[i]), in_cache(order[i]), sector_bytes);
    forget_cache();
}

static void into_cache(uint64_t sector, const uint8_t* from) {
    if (state[sector] == clean) order[order_count++] = (uint32_t)sector;
    if (state[sector] != cached) cached_count++;
    state[sector] = cached;
    memcpy(in_cache(sector), from, sector_bytes);
}

static void through_cache(uint64_t sector, const uint8_t* from) {
    if (state[sector] == cached) {
        state[sector] = passed;
        cached_count--;
    }
    memcpy(on_platter(sector), from, sector_bytes);
}

struct cut {
    uint64_t seed, keep, garble;
    bool in_order;
};

static void garble(uint64_t sector, uint64_t* from) {
    uint8_t* at = on_platter(sector);
    for (size_t i = 0; i < sector_bytes; i += 8) {
        const uint64_t noise = next_random(from);
        memcpy(at + i, &noise, 8);
    }
}

/// One that is waited for, by the thread that obeys; done by the one that writes.
static struct {
    const struct cut* how;  // null: none
    uint64_t writes_left;
    char* answer;
    size_t room;
} coming;
static uint64_t cut_after_writes;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;

/// The first ones, and the rest of a block of the file system that is begun.
static bool may_keep_first(uint64_t sector, uint64_t seen, uint64_t kept_first, uint64_t last_kept) {
    if (seen < kept_first) return true;
    return contents[sector] == unknown && seen > 0 && sector / sectors_a_block == last_kept / sectors_a_block;
}

/// `lost` counts dropped sectors whose bytes on the platter differ: what the cut took away.
static void lose_power(const struct cut* how, char* answer, size_t room) {
    const uint64_t total = cached_count;
    uint64_t kept = 0, garbled = 0, lost = 0, noise = how->seed, seen = 0, last_kept = 0;
    const uint64_t kept_first = how->in_order ? random_of(how->seed, 0) % (total + 1) : 0;
    for (size_t i = 0; i < order_count; i++) {
        const uint64_t sector = order[i];
        if (state[sector] != cached) continue;
        const uint64_t decision =
            random_of(how->seed, contents[sector] == unknown ? ~(sector / sectors_a_block) : sector);
        if (how->in_order ? may_keep_first(sector, seen++, kept_first, last_kept)
                          : decision % 1000 < how->keep) {
            last_kept = sector;
            memcpy(on_platter(sector), in_cache(sector), sector_bytes);
            kept++;
            continue;
        }
        lost += memcmp(on_platter(sector), in_cache(sector), sector_bytes) != 0;
        if (!how->in_order && contents[sector] == torn_noisy && (decision >> 32) % 1000 < how->garble) {
            garble(sector, &noise);
            garbled++;
        }
    }
    forget_cache();
    is_dead = true;
    snprintf(answer, room,
             "cached=%" PRIu64 " kept=%" PRIu64 " dropped=%" PRIu64 " garbled=%" PRIu64 " lost=%" PRIu64,
             total, kept, total - kept, garbled, lost);
}

static void lose_power_now_or_soon(const struct cut* how, char* answer, size_t room) {
    if (cut_after_writes == 0 || is_dead) {
        lose_power(how, answer, room);
        return;
    }
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += soon_ns;
    end.tv_sec += end.tv_nsec / second_ns;
    end.tv_nsec %= second_ns;
    coming.how = how;
    coming.writes_left = cut_after_writes;
    coming.answer = answer;
    coming.room = room;
    while (coming.how != NULL && pthread_cond_timedwait(&came, &lock, &end) == 0) {
    }
    if (coming.how == NULL) return;
    coming.how = NULL;
    lose_power(how, answer, room);
}

static void note_write(void) {
    if (coming.how == NULL || --coming.writes_left > 0) return;
    lose_power(coming.how, coming.answer, coming.room);
    coming.how = NULL;
    pthread_cond_signal(&came);
}

static bool mark_data(uint64_t first, uint64_t count, bool is_noisy) {
    const uint64_t sectors = (uint64_t)size / sector_bytes;
    if (first > sectors || count > sectors - first) return false;
    knows_contents = true;
    memset(contents + first, is_noisy ? torn_noisy : torn, count);
    return true;
}

static struct failure failure_from(uint64_t number, uint64_t count) {
    return (struct failure){.in = number, .count = number == 0 ? 0 : count == 0 ? 1 : count};
}

static void obey(const char* line, char* answer, size_t room) {
    struct cut how = {0};
    char word[8] = "";
    uint64_t number = 0, count = 0, noisy = 0;
    snprintf(answer, room, "ok");
    if (sscanf(line, "data %" SCNu64 " %" SCNu64 " %" SCNu64, &number, &count, &noisy) == 3) {
        if (!mark_data(number, count, noisy)) snprintf(answer, room, "unknown sectors: %.60s", line);
    } else if (sscanf(line, "cut %" SCNu64 " %" SCNu64 " %" SCNu64, &how.seed, &how.keep, &how.garble) == 3) {
        lose_power_now_or_soon(&how, answer, room);
    } else if (sscanf(line, "cut %" SCNu64 " %7s", &how.seed, word) == 2 && strcmp(word, "order") == 0) {
        how.in_order = true;
        lose_power_now_or_soon(&how, answer, room);
    } else if (sscanf(line, "soon %" SCNu64, &number) == 1) {
        cut_after_writes = number;
    } else if (strcmp(line, "write-back") == 0) {
        if (!is_dead) write_back();
    } else if (sscanf(line, "slow-flush %" SCNu64, &number) == 1 && number < 1000000) {
        flush_takes_us = (unsigned)number;
    } else if (sscanf(line, "fail-flush %" SCNu64 " %" SCNu64, &number, &count) >= 1) {
        fail_flush = failure_from(number, count);
    } else if (sscanf(line, "fail-write %" SCNu64 " %" SCNu64, &number, &count) >= 1) {
        fail_write = failure_from(number, count);
    } else if (strcmp(line, "counts") == 0) {
        snprintf(answer, room,
                 "writes=%" PRIu64 " flushes=%" PRIu64 " through=%" PRIu64 " sectors=%" PRIu64
                 " cached=%" PRIu64 " failures=%" PRIu64,
                 writes, flushes, through_writes, sectors_written, cached_count, failures);
    } else {
        snprintf(answer, room, "unknown command: %.60s", line);
    }
}

static void serve(FILE* from) {
    char line[256], answer[256];
    while (fgets(line, sizeof line, from)) {
        line[strcspn(line, "\r\n")] = '\0';
        pthread_mutex_lock(&lock);
        obey(line, answer, sizeof answer);
        pthread_mutex_unlock(&lock);
        fprintf(from, "%s\n", answer);
        fflush(from);
    }
}

static void* serve_commands(void* argument) {
    const int listener = (int)(intptr_t)argument;
    for (;;) {
        const int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        FILE* stream = fdopen(accepted, "r+");
        if (stream == NULL) {
            close(accepted);
            continue;
        }
        serve(stream);
        fclose(stream);
    }
    return NULL;
}

static int configure(const char* key, const char* value) {
    if (strcmp(key, "platter") == 0) {
        platter_path = nbdkit_absolute_path(value);
    } else if (strcmp(key, "control") == 0) {
        control_path = nbdkit_absolute_path(value);
    } else if (strcmp(key, "size") == 0) {
        size = nbdkit_parse_size(value);
    } else {
        nbdkit_error("there is no parameter %s", key);
        return -1;
    }
    return 0;
}

static int configured(void) {
    if (platter_path && control_path && size > 0 && size % sector_bytes == 0 &&
        size / sector_bytes <= UINT32_MAX)
        return 0;
    nbdkit_error("platter=, control= and size= (of whole sectors) are needed");
    return -1;
}

static int listen_for_commands(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(control_path) >= sizeof address.sun_path) {
        nbdkit_error("%s is too long for a socket", control_path);
        return -1;
    }
    strcpy(address.sun_path, control_path);
    unlink(control_path);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
        listen(listener, 4) != 0) {
        nbdkit_error("%s: %m", control_path);
        return -1;
    }
    pthread_t thread;
    return pthread_create(&thread, NULL, serve_commands, (void*)(intptr_t)listener) == 0 ? 0 : -1;
}

/// Behind the fork into the background: threads made before it would be gone.
static int begin(void) {
    const int file = open(platter_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, size) != 0) {
        nbdkit_error("%s: %m", platter_path);
        return -1;
    }
    const size_t sectors = (size_t)size / sector_bytes;
    platter = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    cache =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    close(file);
    contents = calloc(sectors, sizeof *contents);
    state = calloc(sectors, sizeof *state);
    order = calloc(sectors, sizeof *order);
    if (platter == MAP_FAILED || cache == MAP_FAILED || contents == NULL || state == NULL || order == NULL) {
        nbdkit_error("no memory for a disk of %" PRIi64 " bytes: %m", size);
        return -1;
    }
    return listen_for_commands();
}

static void* open_disk(int readonly) {
    (void)readonly;
    return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t size_of_disk(void* handle) {
    (void)handle;
    return size;
}

static int can(void* handle) {
    (void)handle;
    return 1;
}

static int can_fua(void* handle) {
    (void)handle;
    return NBDKIT_FUA_NATIVE;
}

static int block_size(void* handle, uint32_t* minimum, uint32_t* preferred, uint32_t* maximum) {
    (void)handle;
    *minimum = sector_bytes;
    *preferred = 4096;
    *maximum = 32u << 20;
    return 0;
}

static int refuse(void) {
    nbdkit_set_error(EIO);
    return -1;
}

static bool is_failing(struct failure* which) {
    if (which->count == 0 || (which->in > 1 && which->in--)) return false;
    which->count--;
    failures++;
    return true;
}

static int read_disk(void* handle, void* into, uint32_t count, uint64_t offset, uint32_t flags) {
    (void)handle;
    (void)flags;
    pthread_mutex_lock(&lock);
    const int outcome = is_dead ? refuse() : 0;
    for (uint32_t done = 0; outcome == 0 && done < count; done += sector_bytes) {
        const uint64_t sector = (offset + done) / sector_bytes;
        memcpy((uint8_t*)into + done, state[sector] == cached ? in_cache(sector) : on_platter(sector),
               sector_bytes);
    }
    pthread_mutex_unlock(&lock);
    return outcome;
}

/// Holding the lock. Without bytes it writes zeros.
static int write_sectors(const uint8_t* from, uint32_t count, uint64_t offset, bool through) {
    static const uint8_t zeros[sector_bytes];
    writes++;
    through_writes += through;
    if (is_dead || is_failing(&fail_write) || (through && is_failing(&fail_flush))) return refuse();
    for (uint32_t done = 0; done < count; done += sector_bytes) {
        const uint64_t sector = (offset + done) / sector_bytes;
        (through ? through_cache : into_cache)(sector, from ? from + done : zeros);
    }
    sectors_written += count / sector_bytes;
    note_write();
    return 0;
}

static int write_disk(void* handle, const void* from, uint32_t count, uint64_t offset, uint32_t flags) {
    (void)handle;
    pthread_mutex_lock(&lock);
    const int outcome = write_sectors(from, count, offset, flags & NBDKIT_FLAG_FUA);
    pthread_mutex_unlock(&lock);
    return outcome;
}

static int zero_disk(void* handle, uint32_t count, uint64_t offset, uint32_t flags) {
    (void)handle;
    pthread_mutex_lock(&lock);
    const int outcome = write_sectors(NULL, count, offset, flags & NBDKIT_FLAG_FUA);
    pthread_mutex_unlock(&lock);
    return outcome;
}

static int flush_disk(void* handle, uint32_t flags) {
    (void)handle;
    (void)flags;
    pthread_mutex_lock(&lock);
    flushes++;
    const unsigned takes_us = is_dead ? 0 : flush_takes_us;
    pthread_mutex_unlock(&lock);
    if (takes_us > 0) usleep(takes_us);  // a cut may come meanwhile
    pthread_mutex_lock(&lock);
    int outcome = 0;
    if (is_dead) {
        outcome = refuse();
    } else if (is_failing(&fail_flush)) {
        drop_cache();
        outcome = refuse();
    } else {
        write_back();
    }
    pthread_mutex_unlock(&lock);
    return outcome;
}

static struct nbdkit_plugin plugin = {
    .name = "cutdisk",
    .version = "1",
    .config = configure,
    .config_complete = configured,
    .after_fork = begin,
    .open = open_disk,
    .get_size = size_of_disk,
    .can_write = can,
    .can_flush = can,
    .can_fua = can_fua,
    .can_zero = can,
    .block_size = block_size,
    .pread = read_disk,
    .pwrite = write_disk,
    .zero = zero_disk,
    .flush = flush_disk,
};
NBDKIT_REGISTER_PLUGIN(plugin)
