from live.algorithm.orders cimport Order, OrderEvent
from live.paper.models.parameters cimport HasSufficientBuyingPowerForOrderParameters
from live.paper.models.spelling cimport method_of

cdef class PaperBroker:
    cdef object _host
    cdef object _publish
    cdef object _errors
    cdef dict _resting

    cpdef place(self, Order order)
    cpdef scan(self)
    cdef _try_order(self, Order order)
    cdef _take_fills(self, object security, Order order)
    cdef list _fills(self, object security, Order order)
    cdef _tell(self, Order order, object status)
    cdef _remove(self, Order order, object status, object message)

cpdef affordable(object host, object security, Order order)
