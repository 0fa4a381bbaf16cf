"""Stands in for `dotnet QuantConnect.Lean.Launcher.dll`: runs the double of LEAN as the launcher runs LEAN.

What is the launcher's here: config.json of the working folder or the one that is named, the log, the result files, signals, and how the process ends.
Seen on the real one: SIGINT ends a run gracefully, SIGTERM kills it; the exit code says nothing (it may abort after a clean
end); standard output is muted while the algorithm runs, standard error is not.

LEAN_DOUBLE_FAULT names what goes wrong: `abort` (after a clean end), `deaf` (to SIGINT), `hang` (the loop stops for good
three seconds after the start), `stay` (the process does not go away after its final result), `runtime` (no .NET).

LEAN_DOUBLE_CLOCK=data runs the algorithm on the data folder and its time, with the embedded engine behind LEAN's surface
(lean_on_data), instead of on the ticks that come through the aggregator.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

DOUBLE = Path(__file__).resolve().parent.parent
FAULT = os.environ.get("LEAN_DOUBLE_FAULT", "")
IS_ON_DATA = os.environ.get("LEAN_DOUBLE_CLOCK", "") == "data"
NEEDED = {
    "data-queue-handler": ["FakeDataQueue"],
    "live-mode-brokerage": "PaperBrokerage",
    "transaction-handler": "QuantConnect.Lean.Engine.TransactionHandlers.BacktestingTransactionHandler",
    "history-provider": ["SubscriptionDataReaderHistoryProvider"],
}
HANG_SECONDS = 3.0


class Launcher:
    """One run."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.id = config["algorithm-id"]
        self.results = Path(config["results-destination-folder"])
        self.results.mkdir(parents=True, exist_ok=True)
        self.is_quiet = "ConsoleErrorLogHandler" in config["log-handler"]
        # A handler of LEAN's that only knows the console writes no log.txt.
        self._streams: list[TextIO] = [os.fdopen(os.dup(1), "w", encoding="utf-8")]
        if not self.is_quiet:
            self._streams.append((self.results / "log.txt").open("a", encoding="utf-8"))
        self._events: list[Any] = []

    def trace(self, text: str, level: str = "TRACE") -> None:
        """Write to the log, which a quiet handler only does for errors."""
        line = f"{datetime.now(timezone.utc):%Y%m%d %H:%M:%S.%f}"[:-3] + f" {level}:: {text}\n"
        if level == "ERROR" or not self.is_quiet:
            for stream in self._streams:
                stream.write(line)
                stream.flush()

    def run(self) -> None:
        """Run the algorithm to its end and write the results."""
        from QuantConnect.Configuration import Config

        self.trace("Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0 Mode: DEBUG (64bit) Host: double")
        location = Path(self.config["algorithm-location"])
        for folder in (*self.config["python-additional-paths"], str(Path.cwd()), str(location.parent)):
            sys.path.insert(0, folder)
        chosen = self.config["environments"][self.config["environment"]]
        Config.values = {**self.config, **chosen}
        wrong = [key for key, value in NEEDED.items() if chosen.get(key) != value]
        if wrong or not chosen["live-mode"]:
            raise SystemExit(f"Unhandled exception. System.Exception: unusable configuration of {', '.join(wrong)}")
        engine = self._engine(location)
        if FAULT == "deaf":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        elif signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            # .NET leaves a signal alone that it finds ignored.
            signal.signal(signal.SIGINT, lambda number, frame: engine.interrupt())
        thread = engine.start()
        begun = time.monotonic()
        while thread.is_alive():
            thread.join(0.05)
            self._collect(engine)
            self._make_up_ticks(engine)
            if FAULT == "hang" and time.monotonic() - begun > HANG_SECONDS:
                # As a loop in native code that keeps the interpreter's lock: no thread of Python runs on.
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
                os.kill(os.getpid(), signal.SIGSTOP)
        self._collect(engine)
        self._finish(engine)

    def _engine(self, location: Path) -> Any:
        parameters = self.config.get("parameters", {})
        if IS_ON_DATA:
            from lean_on_data.process import EngineOnData

            return EngineOnData(location, Path(self.config["data-folder"]), self.results, parameters)
        from lean_engine.engine import Engine

        return Engine(location.stem, parameters)

    def _collect(self, engine: Any) -> None:
        """Take the order events that the engine has told of."""
        if engine.algorithm is None:
            return
        known, self._events = len(self._events), list(engine.order_events)
        for event in self._events[known:]:
            if event.status.name == "SUBMITTED":
                # A live submit writes three lines, each flushed.
                self.trace(f"Order information: Id: {event.order_id}")
                self.trace("Order margin information: TotalMarginUsed, MarginRemaining")
                self.trace(f"BrokerageTransactionHandler.HandleOrderEvent(): Id: {event.order_id} Status: Submitted")

    def _make_up_ticks(self, engine: Any) -> None:
        """Send ticks of its own to every subscription, a few instead of LEAN's half a million a second, unless it was silenced."""
        from lean_engine.data import Tick
        from lean_engine.feed import Composer, utc_now

        if not engine.has_session or not Composer.Instance.data_queue.rate:
            return
        aggregator = Composer.Instance.aggregator
        for symbol in list(aggregator._queues):
            tick = Tick()
            tick.symbol, tick.time, tick.value, tick.quantity = symbol, utc_now(), 100.5, 1.0
            aggregator.Update(tick)

    def _finish(self, engine: Any) -> None:
        error = engine.error.strip().splitlines()
        message = ""
        if error and engine.algorithm is None:
            message = f"Algorithm.Initialize() Error: {self._import_error(engine.error)}"
            self.trace(f"Loader.TryCreatePythonAlgorithm(): Unable to import python module. {message}", "ERROR")
        elif error:
            message = f"Runtime Error: {error[-1]}"
            self.trace(
                f"AlgorithmManager.Run(): Stopping, encountered a runtime error at {datetime.now()} UTC.", "ERROR"
            )
        else:
            self.trace(f"AlgorithmManager.Run(): Algorithm state changed to Stopped at {datetime.now()}", "ERROR")
        self.trace("LiveTradingResultHandler.SendFinalResult(): Starting...")
        events = [self._event(number, event) for number, event in enumerate(self._events)]
        if events:
            name = f"{self.id}-{datetime.now(timezone.utc):%Y-%m-%d}-order-events.json"
            (self.results / name).write_text(json.dumps(events), encoding="utf-8")
        lines = [] if engine.algorithm is None else [text for _, text in engine.lines]
        (self.results / f"{self.id}-log.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        (self.results / f"{self.id}.json").write_text(json.dumps(self._status(engine, message)), encoding="utf-8")
        self.trace("LiveTradingResultHandler.SendFinalResult(): Ended")
        self.trace("Engine.Main(): Analysis Completed and Results Posted.")

    @staticmethod
    def _import_error(text: str) -> str:
        """Return an error of the import in LEAN's form: the last line of the traceback and where it was."""
        lines = [line.strip() for line in text.strip().splitlines()]
        places = [line for line in lines if line.startswith("File ")]
        return f"{lines[-1]}\n  at {places[-1] if places else ''}"

    def _status(self, engine: Any, message: str) -> dict[str, Any]:
        algorithm = engine.algorithm
        holdings = (
            {}
            if algorithm is None
            else {
                str(each.symbol.id): {
                    "a": each.average_price,
                    "q": each.quantity,
                    "p": each.price,
                    "u": each.unrealized_profit,
                }
                for each in algorithm.portfolio.values()
                if each.invested
            }
        )
        orders = (
            {}
            if algorithm is None
            else {
                str(ticket.order_id): {"id": ticket.order_id, "status": int(ticket.status)}
                for ticket in algorithm.transactions.get_order_tickets()
            }
        )
        value = 0.0 if algorithm is None else algorithm.portfolio.total_portfolio_value
        fees = 0.0 if algorithm is None else algorithm.portfolio.total_fees
        return {
            "holdings": holdings,
            "orders": orders,
            "runtimeStatistics": {"Equity": f"${value:,.2f}", "Fees": f"-${fees:,.2f}"},
            "statistics": {},
            "state": {
                "Status": "RuntimeError" if message else "Stopped",
                "EndTime": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
                "RuntimeError": message,
                "StackTrace": message,
                "OrderCount": str(len(orders)),
            },
            "accountCurrency": "USD",
        }

    def _event(self, number: int, event: Any) -> dict[str, Any]:
        """Return an order event as LEAN writes it."""
        counts = sum(1 for each in self._events[: number + 1] if each.order_id == event.order_id)
        words = str(event.status).split("_")
        terms = {"limitPrice": "limit_price", "stopPrice": "stop_price"}
        prices = {key: getattr(event, name, None) for key, name in terms.items()}
        direction = "buy" if event.quantity > 0 else "sell" if event.quantity < 0 else "hold"
        return {
            "id": f"{self.id}-{event.order_id}-{counts}",
            "algorithmId": self.id,
            "orderId": event.order_id,
            "orderEventId": counts,
            "symbol": str(event.symbol.id),
            "symbolValue": event.symbol.value,
            "symbolPermtick": event.symbol.value,
            "time": event.utc_time.replace(tzinfo=timezone.utc).timestamp(),
            "status": words[0].lower() + "".join(word.capitalize() for word in words[1:]),
            "orderFeeAmount": event.order_fee.value.amount,
            "orderFeeCurrency": event.order_fee.value.currency,
            "fillPrice": event.fill_price,
            "fillPriceCurrency": "USD",
            "fillQuantity": event.fill_quantity,
            "direction": direction,
            "isAssignment": False,
            "quantity": event.quantity,
            **{key: price for key, price in prices.items() if price is not None},
        }


def main() -> None:
    """Do what the words ask for."""
    if sys.argv[1:] == ["--list-runtimes"]:
        if FAULT != "runtime":
            print("Microsoft.NETCore.App 10.0.0 [/usr/share/dotnet/shared/Microsoft.NETCore.App]")
        return
    # A child of the test's own working folder: its modules are the engine's.
    sys.path[0] = str(DOUBLE)
    library = os.environ.get("PYTHONNET_PYDLL", "")
    if not Path(library).is_file():
        os.write(2, f"Unhandled exception. System.DllNotFoundException: Could not load {library}.\n".encode())
        os.abort()
    words = sys.argv[1:]
    path = words[words.index("--config") + 1] if "--config" in words else "config.json"
    try:
        Launcher(json.loads(Path(path).read_text(encoding="utf-8"))).run()
    except Exception:
        traceback.print_exc()
        os.abort()
    if FAULT == "abort":
        os.abort()
    if FAULT == "stay":
        threading.Event().wait()
    os._exit(0)


main()
