cimport cython
from live.hot.book cimport Book
from live.hot.throttle cimport DuplicateWindow, TokenBucket

cdef int _KILL_SWITCH_ENGAGED
cdef int _CONTROL_PAUSED
cdef int _CONTROL_REDUCE_ONLY
cdef int _LIMITS_NOT_LOADED
cdef int _SYMBOL_UNKNOWN
cdef int _SYMBOL_RESTRICTED
cdef int _ORDER_QUANTITY_ZERO
cdef int _ORDER_QUANTITY_ABOVE_MAX
cdef int _ORDER_NOTIONAL_ABOVE_MAX
cdef int _ORDER_DUPLICATE
cdef int _SESSION_CLOSED
cdef int _MARKET_NO_PRICE
cdef int _MARKET_QUOTE_STALE
cdef int _PRICE_OUTSIDE_COLLAR
cdef int _POSITION_ABOVE_MAX
cdef int _EXPOSURE_GROSS_ABOVE_MAX
cdef int _OPEN_ORDERS_ABOVE_MAX
cdef int _RATE_SECOND_EXCEEDED
cdef int _RATE_MINUTE_EXCEEDED
cdef int _LOSS_DAILY_EXCEEDED
cdef int _LOSS_DAILY_UNKNOWN
cdef long long _KILL
cdef long long _PAUSE
cdef long long _REDUCE_ONLY
cdef long long _WIDTH
cdef long long _FLAGS
cdef long long _OPEN_NS
cdef long long _CLOSE_NS
cdef long long _POSITION
cdef long long _OPEN_BUY
cdef long long _OPEN_SELL
cdef long long _EXPOSURE
cdef long long _RATE
cdef long long _REGISTERED
cdef long long _RESTRICTED
cdef long long _QUANTITY_LARGEST
cdef long long _POSITION_LARGEST
cdef long long _EXPOSURE_LARGEST
cdef long long _MARKET_ON_OPEN
cdef long long _PPM
cdef double _SCALE
cdef double _MONEY

cdef class RiskLimits:
    cdef public long long max_order_quantity_e9
    cdef public long long max_order_notional_e4
    cdef public long long max_position_quantity_e9
    cdef public long long max_gross_exposure_e4
    cdef public long long max_daily_loss_e4
    cdef public long long max_open_orders
    cdef public long long max_orders_per_second
    cdef public long long max_orders_per_minute
    cdef public long long max_quote_age_ns
    cdef public long long price_collar_ppm
    cdef public long long duplicate_window_ns

cdef class RiskGate:
    cdef readonly Book book
    cdef readonly long long open_orders
    cdef readonly long long gross_exposure_e4
    cdef public long long control
    cdef RiskLimits _limits
    cdef TokenBucket _second
    cdef TokenBucket _minute
    cdef DuplicateWindow _duplicates
    cdef long long[::1] _words
    cdef double[::1] _reals
    cdef bint _is_equity_known
    cdef long long _day_start_e4
    cdef long long _equity_e4

    cpdef void set_equity(self, long long equity_e4) noexcept
    cpdef void mark(self, Py_ssize_t symbol_index) noexcept
    @cython.locals(code=cython.int, is_reducing=cython.bint, is_waived=cython.bint)
    cpdef int check(self, Py_ssize_t symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                    long long now_ns, bint is_liquidation=*) noexcept
    @cython.locals(code=cython.int)
    cpdef int admit(self, Py_ssize_t symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                    long long now_ns) noexcept
    @cython.locals(code=cython.int)
    cpdef int amend(self, Py_ssize_t symbol_index, long long unfilled_e9, long long left_e9, long long order_type,
                    long long price_e9, long long now_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint is_reducing(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef void on_accepted(self, Py_ssize_t symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                           long long now_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef void on_fill(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    cpdef void set_aside(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    cpdef void put_back(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    cpdef void on_closed(self, Py_ssize_t symbol_index, long long unfilled_quantity_e9) noexcept
    cpdef long long position_e9(self, Py_ssize_t symbol_index) noexcept
    cdef int _check_control(self, bint is_reducing, bint is_waived) noexcept
    @cython.locals(base=Py_ssize_t, reference_e9=cython.longlong, width_e9=cython.longlong, limits=RiskLimits)
    cdef int _check_market(self, Py_ssize_t symbol_index, long long order_type, long long price_e9, long long now_ns,
                           bint is_waived) noexcept
    @cython.locals(base=Py_ssize_t, size_e9=cython.longlong, worst_e9=cython.longlong, total_e4=cython.longlong,
                   limits=RiskLimits)
    cdef int _check_size(self, Py_ssize_t symbol_index, long long quantity_e9, long long price_e9) noexcept
    @cython.locals(limits=RiskLimits)
    cdef int _check_loss(self) noexcept
    cdef int _check_throttle(self, Py_ssize_t symbol_index, long long quantity_e9, long long order_type, long long price_e9,
                             long long now_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cdef void _grow_open(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    @cython.locals(base=Py_ssize_t)
    cdef void _shrink_open(self, Py_ssize_t symbol_index, long long quantity_e9) noexcept
    @cython.locals(base=Py_ssize_t, long_e9=cython.longlong, short_e9=cython.longlong, exposure_e4=cython.longlong)
    cdef void _revalue(self, Py_ssize_t symbol_index) noexcept
    cdef bint _is_known(self, Py_ssize_t symbol_index) noexcept

@cython.locals(value=cython.double)
cdef long long _value_e4(long long quantity_e9, long long price_e9, double rate) noexcept
cdef long long _saturated(long long quantity_e9) noexcept
cdef long long _bounded(long long quantity_e9) noexcept
