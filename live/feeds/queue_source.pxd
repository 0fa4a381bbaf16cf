cimport cython
from live.hot.records cimport RecordBuffer, RecordSource

cdef class QueueSource(RecordSource):
    cdef public long long newest_ns
    cdef readonly RecordBuffer _waiting

    @cython.locals(waiting=RecordBuffer, at=Py_ssize_t)
    cpdef append(self, long long time_ns, long long kind, long long price_e9, long long ask_e9, double size,
                 double ask_size, long long flags, long long line)
    @cython.locals(waiting=RecordBuffer, buffer=RecordBuffer, count=Py_ssize_t, width=Py_ssize_t, begin=Py_ssize_t)
    cpdef refill(self)
