cimport cython

cdef long long _TIME
cdef long long _RECEIVED
cdef long long _SEQUENCE
cdef long long _KIND
cdef long long _PRICE
cdef long long _BID
cdef long long _ASK
cdef long long _TRADE
cdef long long _BID_SIZE
cdef long long _ASK_SIZE
cdef long long _TRADE_SIZE
cdef long long _WIDTH
cdef long long _KIND_TRADE
cdef long long _KIND_QUOTE

cdef class Book:
    cdef readonly Py_ssize_t capacity
    cdef object _block
    cdef long long[::1] _words
    cdef double[::1] _reals

    @cython.locals(base=Py_ssize_t, price_e9=cython.longlong)
    cpdef bint update_tick(self, Py_ssize_t symbol_index, int kind, long long time_ns, long long bid_or_trade_e9,
                           long long ask_e9, double bid_size, double ask_size, long long receive_ns) noexcept
    cpdef void reset(self, Py_ssize_t symbol_index) noexcept
    cpdef bint has_price(self, Py_ssize_t symbol_index) noexcept
    cpdef long long price_e9(self, Py_ssize_t symbol_index) noexcept
    cpdef long long trade_e9(self, Py_ssize_t symbol_index) noexcept
    cpdef long long quoted_bid_e9(self, Py_ssize_t symbol_index) noexcept
    cpdef long long quoted_ask_e9(self, Py_ssize_t symbol_index) noexcept
    @cython.locals(side_e9=cython.longlong)
    cpdef long long bid_e9(self, Py_ssize_t symbol_index) noexcept
    @cython.locals(side_e9=cython.longlong)
    cpdef long long ask_e9(self, Py_ssize_t symbol_index) noexcept
    @cython.locals(bid_e9=cython.longlong, ask_e9=cython.longlong)
    cpdef long long reference_e9(self, Py_ssize_t symbol_index) noexcept
    cpdef double bid_size(self, Py_ssize_t symbol_index) noexcept
    cpdef double ask_size(self, Py_ssize_t symbol_index) noexcept
    cpdef double trade_size(self, Py_ssize_t symbol_index) noexcept
    cpdef long long time_ns(self, Py_ssize_t symbol_index) noexcept
    cpdef long long receive_ns(self, Py_ssize_t symbol_index) noexcept
    cpdef long long sequence(self, Py_ssize_t symbol_index) noexcept
    cpdef long long kind(self, Py_ssize_t symbol_index) noexcept
    cdef long long _word(self, Py_ssize_t symbol_index, long long field) noexcept
    cdef double _real(self, Py_ssize_t symbol_index, long long field) noexcept
