cimport cython
from live.hot.histogram cimport Histogram, bucket_of
from live.hot.spans cimport LongestSpans
from live.hot.usage cimport page_faults, preemptions

cdef long long _WINDOWS
cdef long long _BUCKETS
cdef long long _STALL
cdef long long _WINDOW_FIRST
cdef long long _SAMPLE_EVERY
cdef Py_ssize_t _WORST
cdef Py_ssize_t _RECENT
cdef Py_ssize_t _WORST_WIDTH
cdef Py_ssize_t _BEGAN
cdef Py_ssize_t _TOOK
cdef Py_ssize_t _TIME
cdef Py_ssize_t _SYMBOL
cdef Py_ssize_t _KIND
cdef Py_ssize_t _GC
cdef Py_ssize_t _ORDERS
cdef Py_ssize_t _EVENTS
cdef Py_ssize_t _FAULTS
cdef Py_ssize_t _PREEMPTIONS
cdef Py_ssize_t _COUNTED_OVER
cdef Py_ssize_t _WAITED
cdef long long _KIND_TICK

@cython.final
cdef class LatencyTrace:
    cdef readonly Histogram decisions
    cdef readonly Histogram entries
    cdef readonly Histogram strategy
    cdef readonly LongestSpans pauses
    cdef readonly LongestSpans stalls
    cdef readonly long long origin_ns
    cdef readonly long long ended_ns
    cdef readonly long long width_ns
    cdef readonly Py_ssize_t windows_used
    cdef long long _until_sample
    cdef long long _window_end_ns
    cdef object _begins_memory
    cdef object _largest_memory
    cdef object _buckets_memory
    cdef object _worst_memory
    cdef long long[::1] _begins
    cdef long long[::1] _largest
    cdef unsigned int[::1] _buckets
    cdef long long[::1] _worst
    cdef long long[::1] _recent
    cdef Py_ssize_t _recent_next
    cdef Py_ssize_t _worst_used
    cdef Py_ssize_t _least
    cdef long long _floor_ns
    cdef long long _noted_ns
    cdef long long _noted_orders
    cdef long long _noted_events
    cdef long long _usage_ns
    cdef long long _faults
    cdef long long _preemptions

    @cython.locals(place=Py_ssize_t, bucket=Py_ssize_t)
    cpdef void begin(self, long long at_ns) noexcept
    cpdef bint is_sampled(self) noexcept
    @cython.locals(took_ns=cython.longlong, place=Py_ssize_t, before_ns=cython.longlong)
    cpdef void record(self, long long began_ns, long long ended_ns, long long time_ns, long long symbol_index,
                      long long kind) noexcept
    cpdef void record_stages(self, long long began_ns, long long entered_ns) noexcept
    cpdef void rest(self) noexcept
    cpdef void note_order(self, long long began_ns) noexcept
    cpdef void note_event(self, long long began_ns) noexcept
    cpdef void add_pause(self, long long began_ns, long long ended_ns, long long generation) noexcept
    @cython.locals(width_ns=cython.longlong, place=Py_ssize_t, target=Py_ssize_t, bucket=Py_ssize_t, number=cython.longlong,
                   known=cython.longlong, base=Py_ssize_t, into=Py_ssize_t, cells=cython.uint[::1])
    cpdef void make_room(self) noexcept
    @cython.locals(place=Py_ssize_t, total_ns=cython.longlong, first_ns=cython.longlong, last_ns=cython.longlong)
    cpdef long long pauses_within(self, long long began_ns, long long ended_ns) noexcept
    @cython.locals(place=Py_ssize_t, base=Py_ssize_t, latest=Py_ssize_t)
    cdef void _add_note(self, long long began_ns, Py_ssize_t field) noexcept
    cdef void _roll(self, long long began_ns, long long ended_ns) noexcept
    cdef void _read_usage(self, long long at_ns) noexcept
    @cython.locals(base=Py_ssize_t, place=Py_ssize_t, is_noted=cython.bint)
    cdef void _keep(self, long long began_ns, long long ended_ns, long long time_ns, long long symbol_index,
                    long long kind, long long before_ns) noexcept
