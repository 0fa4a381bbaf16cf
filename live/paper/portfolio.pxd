cimport cython
from live.algorithm.numbers cimport to_decimal
from live.algorithm.orders cimport OrderEvent
from live.paper.holdings cimport SecurityHolding
from live.paper.models.values cimport exact_maintenance_margin, exact_of

cdef class SecurityPortfolioManager:
    cdef public object securities
    cdef public object settings
    cdef public object cash_book
    cdef public object unsettled_cash_book
    cdef public object transactions
    cdef public object margin_call_model

    @cython.locals(holding=SecurityHolding)
    cpdef process_fill(self, object security, OrderEvent fill)
    @cython.locals(holding=SecurityHolding)
    cdef _close(self, object security, OrderEvent fill, object fee)
    cdef _move(self, object security, OrderEvent fill, object amount)
    cdef _charge_fee(self, object security, OrderEvent fill)

cdef _average_price(object held, object average, object quantity, object price)
