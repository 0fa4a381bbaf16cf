cimport cython
from live.algorithm.orders cimport OrderEvent
from live.algorithm.tickets cimport OrderTicket
from live.hot.orders cimport OrderPool
from live.hot.pump cimport TickPump
from live.hot.units cimport scaled_e9
from live.paper.risk_desk cimport RiskDesk
from live.paper.run_clock cimport RunClock

cdef long long _MARKET
cdef long long _LIMIT
cdef long long _STOP_MARKET
cdef long long _STATE_FIELD
cdef long long _SYMBOL_FIELD
cdef long long _TYPE_FIELD
cdef long long _QUANTITY_FIELD
cdef long long _LIMIT_FIELD
cdef long long _STOP_FIELD
cdef long long _CREATED

cdef class LiveDesk:
    cdef object _algorithm
    cdef RiskDesk _risk
    cdef TickPump _pump
    cdef RunClock _clock
    cdef object _on_denial
    cdef dict _order_ids
    cdef dict _handles
    cdef dict _symbols
    cdef readonly OrderPool pool
    cdef readonly long long tick_began_ns

    cpdef catch_up(self)
    @cython.locals(pump=TickPump, quantity_e9=cython.longlong, limit_e9=cython.longlong, stop_e9=cython.longlong,
                   raw_e9=cython.longlong, kind=cython.longlong, now_ns=cython.longlong, code=cython.longlong,
                   handle=cython.longlong)
    cpdef submit(self, object symbol, object quantity, object limit_price, object stop_price)
    @cython.locals(pool=OrderPool, handle=cython.longlong)
    cpdef send(self)
    @cython.locals(pool=OrderPool, kind=cython.longlong, ticket=OrderTicket)
    cdef _send(self, long long handle)
    @cython.locals(handle=object, status=object)
    cpdef on_event(self, OrderEvent event)
    cdef object _exact(self, long long handle, long long field)
    cdef _forget(self, object number, object handle)
