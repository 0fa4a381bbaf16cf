cimport cython
from live.algorithm.orders cimport Order, OrderEvent
from live.hot.book cimport Book
from live.hot.risk cimport RiskGate

cdef class RiskDesk:
    cdef object _settings
    cdef object _control
    cdef dict _open
    cdef set _canceling
    cdef long long _day
    cdef public Book book
    cdef public RiskGate gate
    cdef dict _rates
    cdef set _raw

    cpdef bint has_market(self, object symbol_index)
    cpdef look_at_control(self)
    cpdef refresh(self, object security)
    @cython.locals(code=cython.longlong, index=cython.longlong, quantity_e9=cython.longlong, price_e9=cython.longlong)
    cpdef admit(self, Order order, object order_id, object security, object account)
    @cython.locals(gate=RiskGate, index=cython.longlong)
    cdef long long _judge(self, Order order, long long quantity_e9, long long price_e9, object security, object account) except? -1
    @cython.locals(gate=RiskGate, code=cython.longlong)
    cdef long long _judge_liquidation(self, object order_type, long long index, long long quantity_e9, long long price_e9, long long now_ns) except? -1
    @cython.locals(index=cython.longlong, unfilled_e9=cython.longlong, filled_e9=cython.longlong)
    cpdef on_event(self, OrderEvent event)
    cdef _register(self, object security)
    cdef _store_price(self, object security)
    cdef long long _price_e9(self, Order order, object security) except? -1
    cdef object _book_e9(self, object price, object security)
