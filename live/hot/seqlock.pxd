cimport cython
from live.hot.atomic cimport fence, load_acquire, store_release

cdef long long _WIDTH
cdef long long _OUTSIDE

cdef class SeqlockWriter:
    cdef readonly long long slots
    cdef long long[::1] _words
    cdef object _view
    cdef long long _base
    cpdef bint begin(self, long long slot) noexcept
    cpdef void put(self, long long field, long long value) noexcept
    cpdef void end(self) noexcept

cdef class SeqlockReader:
    cdef readonly long long slots
    cdef const long long[::1] _words
    cdef long long[::1] _copy
    cdef object _view
    @cython.locals(base=Py_ssize_t, attempt=cython.int, sequence=cython.longlong, field=Py_ssize_t)
    cpdef bint read(self, long long slot) noexcept
    cpdef long long get(self, long long field) noexcept
