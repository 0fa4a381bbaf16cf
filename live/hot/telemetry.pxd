cimport cython
from live.hot.atomic cimport load_acquire, store_release
from live.hot.ring cimport RingWriter
from live.hot.seqlock cimport SeqlockWriter

cdef long long _VALUES
cdef long long _CODES
cdef long long _FEEDS
cdef long long _FEED_WORDS
cdef long long _CONTROL
cdef long long _RESUME

cdef class TelemetryPage:
    cdef readonly object path
    cdef readonly object layout
    cdef readonly tuple histograms
    cdef readonly RingWriter ring
    cdef readonly SeqlockWriter records
    cdef object _memory
    cdef long long[::1] _header
    cdef long long[::1] _counters
    cdef long long[::1] _denials
    cdef double[::1] _gauges
    cdef long long[::1] _feed_rows
    cdef long long[::1] _reader
    cdef object _feed_labels
    cpdef void add(self, long long counter, long long count) noexcept
    cpdef void add_denials(self, long long code, long long count) noexcept
    cpdef void set_gauge(self, long long gauge, double value) noexcept
    @cython.locals(at=cython.longlong)
    cpdef void stamp_feed(self, long long feed, long long received_ns, long long ticks,
                          long long price_changed_ns, bint is_open=*) noexcept
    cpdef long long control(self) noexcept
    cpdef long long resume_requests(self) noexcept
