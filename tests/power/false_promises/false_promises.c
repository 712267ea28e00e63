// Preloaded into a server it makes promises of durability that nobody keeps, for the test that the loop
// notices. Only a server that uses plain system calls (storage.disk_backend=threads) goes through here. LIES
// names what lies:
//   writes    a write that has to be durable when it returns (RWF_DSYNC) is an ordinary one
//   flushes   fdatasync and fsync of files do nothing
//   folders   fsync of a directory does nothing
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

static bool lies(const char* about) {
    const char* named = getenv("LIES");
    return named != NULL && strstr(named, about) != NULL;
}

static bool is_folder(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

static void* original(const char* name) {
    return dlsym(RTLD_NEXT, name);
}

ssize_t pwritev2(int descriptor, const struct iovec* pieces, int count, off_t position, int flags) {
    static ssize_t (*call)(int, const struct iovec*, int, off_t, int);
    if (call == NULL) *(void**)&call = original("pwritev2");
    return call(descriptor, pieces, count, position, lies("writes") ? flags & ~RWF_DSYNC : flags);
}

int fdatasync(int descriptor) {
    static int (*call)(int);
    if (call == NULL) *(void**)&call = original("fdatasync");
    return lies(is_folder(descriptor) ? "folders" : "flushes") ? 0 : call(descriptor);
}

int fsync(int descriptor) {
    static int (*call)(int);
    if (call == NULL) *(void**)&call = original("fsync");
    return lies(is_folder(descriptor) ? "folders" : "flushes") ? 0 : call(descriptor);
}
