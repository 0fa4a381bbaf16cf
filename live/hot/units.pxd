cdef double _HALF_EVEN

cpdef double adjusted_size(double size, double scale) noexcept
cpdef long long scaled_e9(object value) except? -1
