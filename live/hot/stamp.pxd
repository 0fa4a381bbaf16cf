cdef extern from "monotonic.h":
    long long read_monotonic_ns() nogil

cpdef long long now_ns()
