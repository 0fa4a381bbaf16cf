cimport cython
from live.hot.stamp cimport now_ns
from live.hot.trace cimport LatencyTrace

cdef long long _KIND

@cython.locals(trace=LatencyTrace, begin_ns=cython.longlong, number=cython.longlong, began_ns=cython.longlong,
               is_sampled=cython.bint, entered_ns=cython.longlong)
cpdef long long time_ticks(long long ticks)
