cimport cython

cdef Py_ssize_t _WIDTH

cdef class LongestSpans:
    cdef readonly Py_ssize_t capacity
    cdef readonly Py_ssize_t kept
    cdef readonly long long seen
    cdef object _memory
    cdef long long[::1] _words
    cdef long long _floor_ns
    cdef Py_ssize_t _shortest

    cpdef void clear(self) noexcept
    cpdef void offer(self, long long began_ns, long long took_ns, long long note) noexcept
    @cython.locals(place=Py_ssize_t, at=Py_ssize_t)
    cdef void _find_shortest(self) noexcept
