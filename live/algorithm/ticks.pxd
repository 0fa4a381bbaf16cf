cimport cython
from live.algorithm.data cimport make_quote_tick, make_trade_tick
from live.hot.records cimport RecordBuffer
from live.hot.units cimport adjusted_size

cdef double _SCALE

@cython.locals(words="long long[::1]", reals="double[::1]", width=Py_ssize_t, record=Py_ssize_t, base=Py_ssize_t,
               first=cython.double, second=cython.double, size=cython.double, ask_size=cython.double)
cpdef list build_ticks(RecordBuffer buffer, Py_ssize_t begin, Py_ssize_t end, object symbol, long long local_ns, double scale)
