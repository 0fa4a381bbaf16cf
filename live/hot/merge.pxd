cimport cython
from live.hot.records cimport RecordSource

cdef long long _END_NS

@cython.final
cdef class TickMerge:
    cdef readonly list sources
    cdef readonly long long time_ns
    cdef readonly Py_ssize_t due_count
    cdef readonly long long[::1] due
    cdef readonly long long[::1] begins
    cdef readonly long long[::1] ends
    cdef long long[::1] heap
    cdef long long[::1] times
    cdef Py_ssize_t heap_count

    @cython.locals(place=Py_ssize_t, number=cython.longlong, source=RecordSource)
    cpdef long long advance(self) except *
    @cython.locals(source=RecordSource)
    cpdef wake(self, Py_ssize_t number)
    cpdef RecordSource source(self, Py_ssize_t place)

    @cython.locals(at=Py_ssize_t, parent=Py_ssize_t)
    cdef void _schedule(self, long long number, RecordSource source) noexcept

    @cython.locals(first=cython.longlong, last=cython.longlong, at=Py_ssize_t, child=Py_ssize_t)
    cdef long long _pop(self) noexcept

    cdef bint _is_before(self, long long number, long long other) noexcept
