cdef extern from "atomic.h" nogil:
    void lean_live_store_release(long long *place, long long value) noexcept
    long long lean_live_load_acquire(const long long *place) noexcept
    void lean_live_fence() noexcept
    int lean_live_bit_length(unsigned long long value) noexcept

cdef inline void store_release(long long[::1] words, Py_ssize_t index, long long value) noexcept nogil:
    lean_live_store_release(&words[index], value)

cdef inline long long load_acquire(const long long[::1] words, Py_ssize_t index) noexcept nogil:
    return lean_live_load_acquire(&words[index])

cdef inline void fence() noexcept nogil:
    lean_live_fence()

cdef inline int bit_length(long long value) noexcept nogil:
    return lean_live_bit_length(<unsigned long long> value)
