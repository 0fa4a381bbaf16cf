cimport cython
from live.hot.atomic cimport bit_length

cdef long long _COUNT
cdef long long _SUM
cdef long long _MAX
cdef long long _BOUND_COUNT
cdef long long _BOUNDS
cdef long long _UP_TO
cdef long long _BUCKETS
cdef int _SUB_BITS
cdef long long _SUB_BUCKETS
cdef long long _LARGEST
cdef long long _SUM_LARGEST

cdef class Histogram:
    cdef object _memory
    cdef long long[::1] _words

    cpdef _use(self, words)
    cpdef merge(self, Histogram other)
    @cython.locals(bound=Py_ssize_t, count=Py_ssize_t)
    cpdef void record(self, long long value_ns) noexcept

@cython.locals(shift=cython.int)
cpdef Py_ssize_t bucket_of(long long value_ns) noexcept
