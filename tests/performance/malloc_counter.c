/* Counts calls of the allocator while it is armed; loaded in front of the C library with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

static volatile long armed, calls;
static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static char early[65536];
static size_t early_used;

void counter_arm(long on) { armed = on; }
long counter_calls(void) { return calls; }

void *malloc(size_t size) {
    if (!next_malloc) next_malloc = dlsym(RTLD_NEXT, "malloc");
    if (armed) calls++;
    return next_malloc(size);
}

void *calloc(size_t count, size_t size) {
    if (!next_calloc) {
        /* dlsym itself allocates: serve it from a zeroed block that is never given back. */
        static int looking;
        if (looking) {
            size_t wanted = (count * size + 15) & ~(size_t)15;
            void *block = early + early_used;
            early_used += wanted;
            return early_used <= sizeof early ? block : NULL;
        }
        looking = 1;
        next_calloc = dlsym(RTLD_NEXT, "calloc");
    }
    if (armed) calls++;
    return next_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    if (!next_realloc) next_realloc = dlsym(RTLD_NEXT, "realloc");
    if (armed) calls++;
    return next_realloc(block, size);
}
