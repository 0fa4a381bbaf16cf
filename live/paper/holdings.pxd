from live.algorithm.numbers cimport to_decimal

cdef class SecurityHolding:
    cdef object _security
    cdef object _quantity
    cdef public object exact_average_price
    cdef public object exact_total_fees
    cdef public object exact_profit
    cdef public object exact_last_trade_profit
    cdef public object exact_total_sale_volume
    cdef public object exact_total_dividends
    cdef public bint invested

    cpdef exact_value_of(self, object quantity, object price)
