from live.algorithm.order_requests cimport OrderRequest, SubmitOrderRequest, submit_request_of
from live.algorithm.orders cimport Order, OrderEvent

cdef class OrderTicket:
    cdef object _desk
    cdef Order _order
    cdef public object submit_request
    cdef public list update_requests
    cdef public object cancel_request
    cdef public list order_events
    cdef public object exact_quantity_filled
    cdef object _filled_value
