cimport cython
from live.algorithm.orders cimport Order

cdef class OrderResponse:
    cdef public object error_code
    cdef public object order_id
    cdef public object text

cdef class OrderRequest:
    cdef public object order_id
    cdef public object time_ns
    cdef public object tag
    cdef public object status
    cdef public OrderResponse response

cdef class SubmitOrderRequest(OrderRequest):
    cdef public object order_type
    cdef public object security_type
    cdef public object symbol
    cdef public object exact_quantity
    cdef public object exact_stop_price
    cdef public object exact_limit_price
    cdef public object exact_trigger_price
    cdef public object exact_trailing_amount
    cdef public object trailing_as_percentage
    cdef public object order_properties
    cdef public object asynchronous

cdef class UpdateOrderRequest(OrderRequest):
    cdef public object fields

cdef class CancelOrderRequest(OrderRequest):
    pass

@cython.locals(request=SubmitOrderRequest)
cpdef SubmitOrderRequest submit_request_of(Order order, object asynchronous=?)
