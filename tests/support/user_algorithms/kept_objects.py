"""Parameters, the object store, statistics, training, a security initializer, and indicators that the user wrote."""

from AlgorithmImports import *


class Slope(PythonIndicator):
    def __init__(self, name, period):
        super().__init__()
        self.name = name
        self.value = 0
        self.values = RollingWindow[float](period)

    def update(self, input):
        self.values.add(input.close)
        self.value = self.values[0] - self.values[self.values.count - 1]
        return self.values.is_ready


class KeptObjects(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 9)
        self.set_cash(100_000)
        self.set_security_initializer(self.set_up)
        self.set_up_symbols = []
        self.period = int(self.get_parameter("period", 10))
        self.share = float(self.get_parameter("share", "0.3"))
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.slope = Slope("slope", self.period)
        self.register_indicator(self.spy, self.slope, timedelta(minutes=5))
        self.set_warm_up(50)
        self.finished = []
        self.trained = 0
        self.train(self.date_rules.every_day(), self.time_rules.at(12, 0), self.learn)
        self.object_store.save("state", json.dumps({"period": self.period}))

    def set_up(self, security):
        security.set_fee_model(ConstantFeeModel(2))
        self.set_up_symbols.append(security.symbol.value)

    def learn(self):
        self.trained += 1

    def on_warmup_finished(self):
        self.finished.append(self.time)
        state = json.loads(self.object_store.read("state"))
        assert state == {"period": self.period}
        self.set_holdings(self.spy, self.share)

    def on_data(self, data):
        if self.is_warming_up or not self.slope.is_ready or self.time.minute % 5:
            return
        self.set_runtime_statistic("slope", f"{self.slope.value:.2f}")
        if self.slope.value > 0.15 and not self.portfolio[self.spy].is_long:
            self.set_holdings(self.spy, self.share)
        elif self.slope.value < -0.15 and not self.portfolio[self.spy].is_short:
            self.set_holdings(self.spy, -self.share)

    def on_end_of_algorithm(self):
        self.log(f"PROBE {self.finished} {self.trained} {'SPY' in self.set_up_symbols} {self.slope.value:.4f}")
