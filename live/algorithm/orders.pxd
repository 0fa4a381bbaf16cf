cdef class Order:
    cdef public object id
    cdef public object symbol
    cdef public object exact_quantity
    cdef public object created_ns
    cdef public object tag
    cdef public object properties
    cdef public object status
    cdef public object exact_price
    cdef public object price_currency
    cdef public object last_fill_ns
    cdef public object last_update_ns
    cdef public object canceled_ns
    cdef public long event_count
    cdef public object order_submission_data
    cdef public bint is_liquidation

cdef class MarketOrder(Order):
    pass

cdef class LimitOrder(Order):
    cdef object _limit_price

cdef class StopMarketOrder(Order):
    cdef object _stop_price
    cdef public object stop_triggered

cdef class StopLimitOrder(LimitOrder):
    cdef object _stop_price
    cdef public object stop_triggered

cdef class LimitIfTouchedOrder(LimitOrder):
    cdef public object exact_trigger_price
    cdef public object trigger_touched

cdef class TrailingStopOrder(StopMarketOrder):
    cdef public object exact_trailing_amount
    cdef public object trailing_as_percentage

cdef class OrderEvent:
    cdef public object order_id
    cdef public object id
    cdef public object symbol
    cdef public object time_ns
    cdef public object status
    cdef public object direction
    cdef public object order_fee
    cdef public object message
    cdef public object exact_fill_price
    cdef public object exact_fill_quantity
    cdef public object fill_price_currency
    cdef public object exact_quantity
    cdef public object exact_limit_price
    cdef public object exact_stop_price
    cdef public object exact_trigger_price
    cdef public object exact_trailing_amount
    cdef public object trailing_as_percentage
    cdef public object is_assignment
    cdef public object is_in_the_money
    cdef public object ticket
