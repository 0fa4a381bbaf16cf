from live.algorithm.numbers cimport to_decimal
from live.paper.models.spelling cimport method_of

cpdef order_fee(object security, object order)
cpdef exact_account_fee(object security, object order, object book)
