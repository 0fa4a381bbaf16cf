/* Counts calls of the allocator while it is armed; loaded in front of the C library with LD_PRELOAD.

   A call is counted whoever makes it: the interpreter, an extension, a library. Freeing is not counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

static volatile long armed, calls;
static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static int (*next_posix_memalign)(void **, size_t, size_t);
static void *(*next_aligned_alloc)(size_t, size_t);
static char early[65536];
static size_t early_used;

void counter_arm(long on) { armed = on; }
long counter_calls(void) { return calls; }

void *malloc(size_t size) {
    if (!next_malloc) next_malloc = dlsym(RTLD_NEXT, "malloc");
    if (armed) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
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
    if (armed) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return next_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    if (!next_realloc) next_realloc = dlsym(RTLD_NEXT, "realloc");
    if (armed) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return next_realloc(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (!next_posix_memalign) next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    if (armed) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return next_posix_memalign(block, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    if (!next_aligned_alloc) next_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    if (armed) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return next_aligned_alloc(alignment, size);
}
