cimport cython

cdef enum:
    NEWLINE = 10
    RETURN = 13
    PLUS = 43
    COMMA = 44
    MINUS = 45
    POINT = 46
    ZERO = 48
    NINE = 57

cdef long long _MILLISECOND_NS
cdef long long _DAY_NS
cdef long long _DIGITS_MAX
cdef long long _TIME_DIGITS_MAX
cdef long long _EXACT_INTEGER_MAX
cdef long long _EXACT_POWER_MAX
cdef long long _PRICE_MAX
cdef double _INFINITY

cdef class FieldDecoder:
    cdef long long price_shift
    cdef long long[::1] powers
    cdef long long[::1] price_limits
    cdef double[::1] real_powers
    cdef long long midnight_ns
    cdef long long change_ns
    cdef long long shift_from_ns
    cdef long long shift_ns
    cdef bint has_fractions
    cdef public int error
    cdef Py_ssize_t error_at
    # what the functions leave
    cdef long long time_ns
    cdef long long fraction_ns
    cdef readonly long long price
    cdef double size
    cdef long long mantissa
    cdef long long decimals
    cdef bint is_long

    @cython.locals(begin=Py_ssize_t, milliseconds=cython.longlong, since_ns=cython.longlong)
    cdef Py_ssize_t _milliseconds(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(ticks=cython.longlong, digits=Py_ssize_t, rest=cython.int)
    cdef Py_ssize_t _fraction_of_millisecond(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(index=Py_ssize_t, year=cython.longlong, month=cython.longlong, day=cython.longlong, hour=cython.longlong,
                   minute=cython.longlong, days=cython.longlong, next_month=cython.longlong)
    cdef Py_ssize_t _date(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(begin=Py_ssize_t, mantissa=cython.longlong, shift=cython.longlong)
    cdef Py_ssize_t _price(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end, bint may_be_empty) noexcept

    @cython.locals(begin=Py_ssize_t)
    cdef Py_ssize_t _size(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) except -2

    # unsigned: many digits may overflow before they are counted and decoded again
    @cython.locals(begin=Py_ssize_t, mantissa=cython.ulonglong, digits=Py_ssize_t, decimals=Py_ssize_t)
    cdef Py_ssize_t _number(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(mantissa=cython.longlong, digits=Py_ssize_t, zeros=Py_ssize_t, decimals=Py_ssize_t, is_fraction=cython.bint,
                   index=Py_ssize_t)
    cdef void _long_number(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(is_negative=cython.bint, begin=Py_ssize_t, value=cython.longlong)
    cdef Py_ssize_t _exponent(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    cdef Py_ssize_t _comma(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept
    cdef Py_ssize_t _refuse_number(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept
    cdef Py_ssize_t _refuse(self, int code, Py_ssize_t at) noexcept

cdef long long _two_digits(const unsigned char* view, Py_ssize_t at) noexcept

@cython.locals(era=cython.longlong, year_of_era=cython.longlong, month_from_march=cython.longlong, day_of_year=cython.longlong,
               day_of_era=cython.longlong)
cdef long long _days_since_1970(long long year, long long month, long long day) noexcept
