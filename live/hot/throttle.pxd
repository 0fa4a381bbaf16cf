cimport cython

cdef long long _SYMBOL
cdef long long _QUANTITY
cdef long long _TYPE
cdef long long _PRICE
cdef long long _TIME
cdef long long _WIDTH
cdef long long _REMEMBERED

cdef class TokenBucket:
    cdef readonly long long tokens_max
    cdef readonly long long period_ns
    cdef long long _level
    cdef long long _time_ns

    cpdef bint has_token(self, long long now_ns) noexcept
    cpdef void take(self, long long now_ns) noexcept
    @cython.locals(elapsed_ns=cython.longlong, missing=cython.longlong)
    cdef long long _level_at(self, long long now_ns) noexcept

cdef class DuplicateWindow:
    cdef readonly long long window_ns
    cdef long long[::1] _words
    cdef long long _count

    @cython.locals(back=cython.longlong, base=Py_ssize_t)
    cpdef bint contains(self, long long symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                        long long now_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef void add(self, long long symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                   long long now_ns) noexcept
