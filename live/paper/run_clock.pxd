cdef class RunClock:
    cdef public long long now_ns
    cdef public long long began_ns
    cdef public long long revision
    cdef public object catch_up
    cpdef long long time_ns(self) except? -1
