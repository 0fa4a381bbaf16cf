"""Entries at the market; the bracket is sent from on_order_event, follows the position, and the other side is cancelled."""

from AlgorithmImports import *


class OrdersFromEvents(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 9)
        self.set_cash(100_000)
        self.set_time_zone(TimeZones.UTC)
        self.btc = self.add_crypto("BTCUSD", Resolution.MINUTE, Market.COINBASE).symbol
        self.stop = self.limit = None
        self.statuses = []
        self.count = 0

    def on_data(self, data):
        if self.btc not in data.bars:
            return
        self.count += 1
        if self.count % 120 == 0 and not self.transactions.get_open_orders(self.btc):
            self.market_order(self.btc, 0.5 if self.count % 240 else -0.5, tag="entry")
        if self.stop is not None and self.stop.status == OrderStatus.SUBMITTED and self.count % 17 == 0:
            fields = UpdateOrderFields()
            fields.stop_price = round(self.stop.get(OrderField.STOP_PRICE) * 1.0005, 2)
            fields.tag = "trailed"
            self.stop.update(fields)

    def on_order_event(self, event):
        self.statuses.append(str(event.status))
        if event.status != OrderStatus.FILLED:
            return
        ticket = self.transactions.get_order_ticket(event.order_id)
        if ticket.tag == "entry":
            price, held = event.fill_price, event.fill_quantity
            self.stop = self.stop_market_order(self.btc, -held, round(price * (0.995 if held > 0 else 1.005), 2))
            self.limit = self.limit_order(self.btc, -held, round(price * (1.004 if held > 0 else 0.996), 2))
        elif self.stop is not None and event.order_id in (self.stop.order_id, self.limit.order_id):
            other = self.limit if event.order_id == self.stop.order_id else self.stop
            response = other.cancel("other side filled")
            self.log(f"PROBE cancelled {response.is_success} {other.order_id}")
            self.stop = self.limit = None

    def on_end_of_algorithm(self):
        self.log(f"PROBE {len(self.statuses)} {sorted(set(self.statuses))}")
