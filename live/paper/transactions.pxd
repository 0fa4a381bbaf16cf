from live.algorithm.numbers cimport to_decimal
from live.algorithm.order_requests cimport OrderRequest, OrderResponse, SubmitOrderRequest, UpdateOrderRequest, submit_request_of
from live.algorithm.orders cimport LimitIfTouchedOrder, MarketOrder, Order, OrderEvent, TrailingStopOrder
from live.algorithm.tickets cimport OrderTicket
from live.paper.paper_broker cimport PaperBroker, affordable
