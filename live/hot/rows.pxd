cimport cython
from live.hot.records cimport RecordBuffer

cdef long long _EQUITY_TRADE
cdef long long _EQUITY_QUOTE
cdef long long _FOREX_QUOTE
cdef long long _CRYPTO_TRADE
cdef long long _FIRST_BAR
cdef long long _QUOTE_BAR
cdef long long _LINE_MAX
cdef long long _COMMA
cdef long long _NEWLINE
cdef long long _RETURN
cdef long long _POINT
cdef long long _MINUS
cdef long long _PLUS
cdef long long _SPACE
cdef long long _COLON
cdef long long _DAY_MILLISECONDS
cdef long long _MILLISECOND_NS
cdef long long _MANTISSA_MAX
cdef long long _MANTISSA_TENTH
cdef long long _EXACT_MAX
cdef long long _PRICE_MAX
cdef long long _PRICE_DECIMALS

cdef class RowDecoder:
    cdef readonly int kind
    cdef readonly int price_decimals
    cdef readonly bint has_dates
    cdef readonly long long period_ns
    cdef long long[::1] powers
    cdef double[::1] real_powers
    cdef long long[::1] session_starts
    cdef long long[::1] session_ends
    cdef long long[::1] fields
    cdef double[::1] sizes
    cdef Py_ssize_t session_count
    cdef long long midnight_ns
    cdef long long shift_at_ms
    cdef long long shift_ns
    cdef public long long line
    cdef public int error
    cdef long long last_ns
    cdef long long mantissa
    cdef long long decimals
    cdef long long exponent
    cdef bint is_long
    cdef Py_ssize_t number_begin
    cdef Py_ssize_t number_end

    @cython.locals(view="const unsigned char[::1]", end=Py_ssize_t, length=Py_ssize_t)
    cpdef Py_ssize_t decode(self, text, Py_ssize_t at, Py_ssize_t stop, bint is_last, RecordBuffer buffer)

    @cython.locals(time_ns=cython.longlong, price=cython.longlong, ask=cython.longlong, flags=cython.longlong,
                   is_trade=cython.bint, base=Py_ssize_t, words="long long[::1]", reals="double[::1]")
    cdef void _tick(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer) except *

    @cython.locals(start=cython.longlong, stop_ns=cython.longlong, sides=cython.int, side=cython.int, base=Py_ssize_t,
                   fields="long long[::1]", words="long long[::1]", reals="double[::1]")
    cdef void _bar(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer) except *

    @cython.locals(index=cython.int, base=Py_ssize_t, high=cython.longlong, low=cython.longlong, fields="long long[::1]")
    cdef Py_ssize_t _side(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end, int side) except? -1

    cdef Py_ssize_t _next_field(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end)

    @cython.locals(begin=Py_ssize_t, mantissa=cython.longlong, decimals=cython.longlong, digits=cython.int,
                   is_fraction=cython.bint, byte=cython.int)
    cdef Py_ssize_t _number(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end)

    @cython.locals(sign=cython.int, value=cython.longlong, digits=cython.int)
    cdef Py_ssize_t _exponent(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end)

    @cython.locals(mantissa=cython.longlong, shift=cython.longlong)
    cdef long long _price(self, bint may_be_zero) except? -1

    cdef Py_ssize_t _size(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end, int index) except? -1

    @cython.locals(since_ns=cython.longlong, time_ns=cython.longlong)
    cdef long long _day_time(self) except? -1

    @cython.locals(index=cython.int, byte=cython.int, year=cython.longlong, month=cython.longlong, day=cython.longlong,
                   hour=cython.longlong, minute=cython.longlong, days=cython.longlong)
    cdef Py_ssize_t _date(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end)

    @cython.locals(value=cython.longlong, index=cython.int)
    cdef long long _digits(self, const unsigned char[::1] view, Py_ssize_t at, int count)

    @cython.locals(flags=cython.longlong, begin=Py_ssize_t, condition=cython.longlong, digits=cython.int, byte=cython.int)
    cdef long long _flags(self, const unsigned char[::1] view, Py_ssize_t at, Py_ssize_t end) except? -1

    @cython.locals(index=Py_ssize_t)
    cdef bint _in_session(self, long long time_ns)

@cython.locals(era=cython.longlong, year_of_era=cython.longlong, month_shifted=cython.longlong, day_of_year=cython.longlong,
               day_of_era=cython.longlong)
cdef long long _days_since_1970(long long year, long long month, long long day)
