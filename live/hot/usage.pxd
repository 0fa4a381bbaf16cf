cdef extern from "usage.h":
    long long read_page_faults() noexcept nogil
    long long read_preemptions() noexcept nogil

cpdef long long page_faults() noexcept
cpdef long long preemptions() noexcept
