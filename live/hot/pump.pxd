cimport cython
from live.hot.bands cimport PriceBands
from live.hot.book cimport Book
from live.hot.merge cimport TickMerge
from live.hot.records cimport RecordBuffer, RecordSource
from live.hot.stamp cimport now_ns
from live.hot.trace cimport LatencyTrace
from live.hot.views cimport TickView

cdef long long _SUSPICIOUS
cdef long long _WIDTH
cdef long long _KIND_TICK

@cython.final
cdef class TickPump:
    cdef readonly TickMerge merge
    cdef readonly Book book
    cdef readonly TickView view
    cdef readonly LatencyTrace trace
    cdef readonly PriceBands bands
    cdef object _on_tick
    cdef readonly long long step_ns
    cdef readonly long long tick_began_ns
    cdef public long long received_ns
    cdef public bint is_behind
    cdef public bint is_touched
    cdef public bint stop_requested
    cdef readonly long long trade_ticks
    cdef readonly long long quote_ticks
    cdef readonly long long suspicious_ticks
    cdef readonly long long steps
    cdef readonly list last_ticks

    cpdef step_now(self)
    cpdef run(self, long long until_ns)
    @cython.locals(merge=TickMerge, place=Py_ssize_t, number=cython.longlong, source=RecordSource, buffer=RecordBuffer,
                   copy=RecordBuffer, count=Py_ssize_t, record=Py_ssize_t, base=Py_ssize_t, at=Py_ssize_t)
    cpdef remember(self)
    @cython.locals(merge=TickMerge, place=Py_ssize_t, source=RecordSource, symbol_index=Py_ssize_t, record=Py_ssize_t,
                   base=Py_ssize_t, buffer=RecordBuffer, began_ns=cython.longlong, entered_ns=cython.longlong,
                   kind=cython.longlong, is_sampled=cython.bint)
    cpdef play(self)
