cimport cython
from live.hot.atomic cimport load_acquire, store_release

cdef long long _WIDTH
cdef long long _HEAD
cdef long long _LOST
cdef long long _RECORDS

cdef class RingWriter:
    cdef readonly long long capacity
    cdef long long[::1] _words
    cdef double[::1] _reals
    cdef const long long[::1] _position
    cdef object _word_view
    cdef object _position_view
    cdef long long _head
    cdef long long _seen_position
    cdef long long _base
    @cython.locals(position=cython.longlong)
    cpdef bint claim(self) noexcept
    cpdef void put(self, long long field, long long value) noexcept
    cpdef void put_real(self, long long field, double value) noexcept
    cpdef void commit(self) noexcept
    cpdef bint publish(self, long long kind, long long time_ns, long long first, long long second, long long third,
                       long long fourth) noexcept

cdef class RingReader:
    cdef readonly long long capacity
    cdef const long long[::1] _words
    cdef long long[::1] _position
    cdef object _word_view
    cdef object _position_view
    @cython.locals(waiting=cython.longlong)
    cpdef long long available(self) noexcept
    cpdef long long get(self, long long field) noexcept
    cpdef void advance(self) noexcept
