from live.algorithm.numbers cimport to_decimal

cdef class Cash:
    cdef public object symbol
    cdef public object exact_amount
    cdef object _rate
    cdef object _rate_data
    cdef public object conversion_security
    cdef public bint is_inverted

cdef class ConvertibleCashAmount:
    cdef public object exact_amount
    cdef public object cash
