cimport cython
from live.hot.merge cimport TickMerge
from live.hot.records cimport RecordBuffer, RecordSource

cdef long long _HIGHEST
cdef Py_ssize_t _ASK
cdef Py_ssize_t _FLAGS
cdef Py_ssize_t _PRICE
cdef long long _SUSPICIOUS
cdef long long _WIDTH

@cython.final
cdef class PriceBands:
    cdef readonly Py_ssize_t capacity
    cdef bint _is_armed
    cdef long long _revision
    cdef long long[::1] _lows
    cdef long long[::1] _highs

    @cython.locals(index=Py_ssize_t)
    cpdef clear(self)
    cpdef void arm(self, long long revision) noexcept
    cpdef void disarm(self) noexcept
    cpdef bint holds(self, long long revision) noexcept
    cpdef narrow(self, Py_ssize_t symbol_index, long long low_e9, long long high_e9)
    cpdef bint is_outside(self, Py_ssize_t symbol_index, long long price_e9) noexcept
    @cython.locals(place=Py_ssize_t, source=RecordSource, buffer=RecordBuffer, index=Py_ssize_t, record=Py_ssize_t,
                   base=Py_ssize_t)
    cpdef bint crosses(self, TickMerge merge) except -1
