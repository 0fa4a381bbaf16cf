from live.algorithm.orders cimport Order

cpdef check_order(Order order, object security, bint is_warming_up)
cdef _check_quantity(Order order, object security)
cdef _check_prices(Order order, object security)
cdef _check_session(Order order, object security)
