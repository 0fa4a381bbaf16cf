cimport cython

cdef long long _LARGEST
cdef long long _SUBS
cdef long long _HEADER_WORDS

cdef class Histogram:
    cdef readonly Py_ssize_t bound_count
    cdef long long[::1] words
    cdef long long[::1] bounds

    @cython.locals(words="long long[::1]", base=Py_ssize_t, index=Py_ssize_t)
    cpdef void record(self, long long value_ns)

@cython.locals(shift=cython.longlong, scaled=cython.longlong)
cpdef Py_ssize_t bucket_of(long long value_ns)
