cimport cython
from live.algorithm.data cimport Tick
from live.hot.book cimport Book
from live.hot.units cimport adjusted_size

cdef double _SCALE

cdef class SecurityCache:
    cdef public double price
    cdef public double bid_price
    cdef public double ask_price
    cdef public double bid_size
    cdef public double ask_size
    cdef public double open
    cdef public double high
    cdef public double low
    cdef public double close
    cdef public double volume
    cdef public object last_data
    cdef public object last_trade_bar
    cdef public object last_quote_bar
    cdef public list trade_ticks
    cdef public list quote_ticks
    cdef long long _last_bar_end_ns
    cdef long long _last_quote_end_ns

    @cython.locals(last=Tick, tick=Tick)
    cpdef store_ticks(self, list ticks, bint is_default_kind)
    cdef _store_quote_tick(self, Tick tick)
    cpdef store_book(self, Book book, Py_ssize_t symbol_index, double scale)
