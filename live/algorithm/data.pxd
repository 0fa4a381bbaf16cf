cdef class BaseData:
    cdef public object symbol
    cdef public long long time_local_ns
    cdef public long long end_local_ns
    cdef public double value
    cdef public bint is_fill_forward

cdef class Tick(BaseData):
    cdef public bint is_trade
    cdef public double bid_price
    cdef public double ask_price
    cdef public double bid_size
    cdef public double ask_size
    cdef public double quantity
    cdef public long long flags

cdef class Bar:
    cdef public double open
    cdef public double high
    cdef public double low
    cdef public double close

cdef class TradeBar(BaseData):
    cdef public double open
    cdef public double high
    cdef public double low
    cdef public double volume

cdef class QuoteBar(BaseData):
    cdef public Bar bid
    cdef public Bar ask
    cdef public double last_bid_size
    cdef public double last_ask_size

cdef class Dividend(BaseData):
    cdef public double distribution
    cdef public double reference_price

cdef class Split(BaseData):
    cdef public double split_factor
    cdef public double reference_price
    cdef public object type

cdef class Delisting(BaseData):
    cdef public object type

cdef class SymbolChangedEvent(BaseData):
    cdef public object old_symbol
    cdef public object new_symbol

cpdef double quote_value(double bid, double ask)

cpdef Tick make_trade_tick(object symbol, long long time_local_ns, double price, double quantity, long long flags)

cpdef Tick make_quote_tick(
    object symbol, long long time_local_ns, double bid, double bid_size, double ask, double ask_size, long long flags)

cpdef TradeBar make_trade_bar(
    object symbol, long long time_local_ns, long long end_local_ns, double open, double high, double low, double close,
    double volume, bint is_fill_forward)

cpdef QuoteBar make_quote_bar(
    object symbol, long long time_local_ns, long long end_local_ns, Bar bid, double last_bid_size, Bar ask,
    double last_ask_size, bint is_fill_forward)
