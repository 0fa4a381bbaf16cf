/* What the kernel did to the calling thread: page faults, and times that it took the core away. */
#ifndef LEAN_LIVE_USAGE_H
#define LEAN_LIVE_USAGE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/resource.h>
#ifdef RUSAGE_THREAD
#define LEAN_LIVE_USAGE_OF RUSAGE_THREAD
#else
#define LEAN_LIVE_USAGE_OF RUSAGE_SELF
#endif
static inline long long read_page_faults(void)
{
    struct rusage usage;
    return getrusage(LEAN_LIVE_USAGE_OF, &usage) ? 0 : (long long)usage.ru_minflt + (long long)usage.ru_majflt;
}
static inline long long read_preemptions(void)
{
    struct rusage usage;
    return getrusage(LEAN_LIVE_USAGE_OF, &usage) ? 0 : (long long)usage.ru_nivcsw;
}
#endif
