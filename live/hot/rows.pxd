cimport cython
from live.hot.fields cimport COMMA, NEWLINE, NINE, RETURN, ZERO, FieldDecoder
from live.hot.records cimport RecordBuffer

cdef long long _LINE_MAX
cdef long long _CONDITION_MAX
cdef long long _LONG_AGO_NS

@cython.final
cdef class RowDecoder(FieldDecoder):
    cdef readonly bint is_bar
    cdef readonly bint is_quote
    cdef readonly bint has_sizes
    cdef readonly bint has_venue
    cdef readonly bint has_dates
    cdef readonly long long period_ns
    cdef readonly Py_ssize_t width
    cdef long long[::1] session_starts
    cdef long long[::1] session_ends
    cdef Py_ssize_t session_count
    cdef Py_ssize_t session
    cdef long long last_ns
    cdef public long long line
    cdef readonly Py_ssize_t column
    cdef long long flags

    @cython.locals(view="const unsigned char*", end=Py_ssize_t, next_line=Py_ssize_t)
    cpdef Py_ssize_t decode(self, bytes text, Py_ssize_t at, Py_ssize_t stop, bint is_last, RecordBuffer buffer) except -1

    @cython.locals(begin=Py_ssize_t, base=Py_ssize_t)
    cdef Py_ssize_t _tick(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer) except -2

    @cython.locals(bid=cython.longlong)
    cdef Py_ssize_t _ask(
        self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer, Py_ssize_t base
    ) except -2

    @cython.locals(begin=Py_ssize_t, base=Py_ssize_t, field=Py_ssize_t, end_ns=cython.longlong)
    cdef Py_ssize_t _bar(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer) except -2

    @cython.locals(begin=Py_ssize_t, field=Py_ssize_t, opened=cython.longlong, high=cython.longlong, low=cython.longlong,
                   close=cython.longlong)
    cdef Py_ssize_t _side(
        self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end, RecordBuffer buffer, Py_ssize_t base
    ) except -2

    cdef Py_ssize_t _flags(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

    @cython.locals(begin=Py_ssize_t, condition=cython.longlong, lower=cython.int)
    cdef Py_ssize_t _condition(self, const unsigned char* view, Py_ssize_t at, Py_ssize_t end) noexcept

cdef bint _is_letter_or_digit(int byte) noexcept
