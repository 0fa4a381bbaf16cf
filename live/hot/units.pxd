cdef double _HALF_EVEN

cpdef double adjusted_size(double size, double scale) noexcept
