cimport cython
from live.algorithm.data cimport Tick
from live.algorithm.slices cimport Slice, make_tick_slice
from live.algorithm.ticks cimport build_ticks
from live.hot.bands cimport PriceBands
from live.hot.merge cimport TickMerge
from live.hot.records cimport RecordSource
from live.hot.stamp cimport now_ns
from live.hot.trace cimport LatencyTrace
from live.paper.run_clock cimport RunClock
from live.paper.security_cache cimport SecurityCache

cdef long long _SUSPICIOUS
cdef long long _KIND_SLICE
cdef long long _SEVERAL_SYMBOLS

cdef class TickLane:
    cdef readonly object config
    cdef public object symbol
    cdef readonly SecurityCache cache
    cdef readonly bint is_default_kind
    cdef public long long offset_ns
    cdef public double scale

cdef class SlicePump:
    cdef object _engine
    cdef TickMerge _merge
    cdef list _lanes
    cdef object _watch
    cdef PriceBands _bands
    cdef LatencyTrace _trace
    cdef RunClock _clock
    cdef object _on_data
    cdef object _transactions
    cdef object _events
    cdef object _consolidators
    cdef list _trusted
    cdef public long long offset_ns
    cdef public long long received_ns
    cdef readonly long long trade_ticks
    cdef readonly long long quote_ticks
    cdef readonly long long data_calls
    cdef readonly long long steps
    cdef public bint stop_requested

    @cython.locals(merge=TickMerge, revision=cython.longlong, is_quiet=cython.bint)
    cpdef run(self, long long until_ns)
    cpdef forget_counts(self)
    @cython.locals(merge=TickMerge, lane=TickLane, source=RecordSource, local_ns=cython.longlong)
    cpdef list take(self, Py_ssize_t place)
    @cython.locals(merge=TickMerge, clock=RunClock, began_ns=cython.longlong, lane=TickLane, place=Py_ssize_t,
                   points=list, trusted=list, slice=Slice, revision=cython.longlong, is_quiet=cython.bint,
                   is_sampled=cython.bint, entered_ns=cython.longlong)
    cdef bint _step(self) except -1
    @cython.locals(merge=TickMerge, symbol_index=cython.longlong, place=Py_ssize_t, source=RecordSource)
    cdef long long _symbol_index(self) except? -1
    cdef bint _is_quiet(self) except -1
    @cython.locals(first=Tick, tick=Tick)
    cdef list _count(self, list points)
    @cython.locals(merge=TickMerge, lane=TickLane, place=Py_ssize_t, trusted=list)
    cdef _consolidate(self)
