/* Ordered loads and stores of aligned 64-bit words shared between processes, and a bit count.
 *
 * GCC and Clang have builtins for every processor; MSVC builds for x86-64 and ARM64 use full barriers.
 */
#ifndef LEAN_LIVE_ATOMIC_H
#define LEAN_LIVE_ATOMIC_H

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>

static __inline void lean_live_store_release(long long *place, long long value) {
    _InterlockedExchange64((volatile long long *)place, value);
}
static __inline long long lean_live_load_acquire(const long long *place) {
    return _InterlockedOr64((volatile long long *)place, 0);
}
static __inline void lean_live_fence(void) {
    volatile long long word = 0;
    _InterlockedExchange64(&word, 1);
}
static __inline int lean_live_bit_length(unsigned long long value) {
    unsigned long index;
    return _BitScanReverse64(&index, value) ? (int)index + 1 : 0;
}
#else
static inline void lean_live_store_release(long long *place, long long value) {
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
}
static inline long long lean_live_load_acquire(const long long *place) {
    return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}
static inline void lean_live_fence(void) {
    __atomic_thread_fence(__ATOMIC_ACQ_REL);
}
static inline int lean_live_bit_length(unsigned long long value) {
    return value ? 64 - __builtin_clzll(value) : 0;
}
#endif

#endif
