/* The monotonic clock without a Python object: what a latency stamp costs is part of the latency. */
#ifndef LEAN_LIVE_MONOTONIC_H
#define LEAN_LIVE_MONOTONIC_H
#include <time.h>
static inline long long read_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000LL + (long long)now.tv_nsec;
}
#endif
