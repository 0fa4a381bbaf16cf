from live.algorithm.numbers cimport to_decimal

cpdef order_fee(object security, object order)
cpdef exact_account_fee(object security, object order, object book)
