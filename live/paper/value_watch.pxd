cimport cython
from live.paper.security_cache cimport SecurityCache

cdef double _LOW

cdef class HeldPosition:
    cdef readonly SecurityCache cache
    cdef readonly double units

cdef class ValueWatch:
    cdef list _positions
    cdef double _rest
    cdef bint _is_exact_needed

    @cython.locals(gross=cython.double, value=cython.double, worth=cython.double, position=HeldPosition)
    cpdef bint is_low(self) except -1
    @cython.locals(worth=cython.double, position=HeldPosition)
    cdef double _worth(self) except? -1.0
