cimport cython
from live.hot.book cimport Book
from live.hot.units cimport adjusted_size

cdef long long _KIND_TRADE
cdef double _PRICE_SCALE

cdef class TickView:
    cdef readonly Book book
    cdef readonly Py_ssize_t symbol_index
    cdef readonly long long generation
    cdef readonly bint is_checked
    cdef bint _is_expired
    cdef list _symbols
    cdef double[::1] _factors
    cpdef double factor(self, Py_ssize_t symbol_index) noexcept
    cpdef bint show(self, Py_ssize_t symbol_index) noexcept
    cpdef void expire(self) noexcept
    cdef Py_ssize_t _at(self) except -1
