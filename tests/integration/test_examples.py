"""The examples: the decisive rule of each on data made by hand, and each as a whole, twice with the same result."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from support.data import lean_data_folder
from support.runs import run_file

from live.algorithm.enums import OrderField, OrderStatus, OrderType, Resolution
from live.feeds.sample import write_sample
from live.testing import PastBars, Session

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "algorithms"
SAMPLE_PARAMETERS = {
    "btc_breakout_bracket": {"first_day": "2013-10-08"},
    "eurusd_ema_cross": {"first_day": "2013-10-07", "days": "4"},
}
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def example(name: str, **options: Any) -> Session:
    return Session(EXAMPLES / f"{name}.py", **options)


# -- rules


def rising_ibm(session: Session) -> None:
    with session.moment(at="09:45:00"):
        session.quote("IBM", bid=180.00, ask=180.02)
        session.trade("IBM", 180.00)
    session.trade("IBM", 180.00)
    session.trade("IBM", 180.00)
    assert not session.orders
    session.trade("IBM", 180.40)


def test_tick_momentum_rests_at_the_bid_follows_it_and_leaves() -> None:
    with example("ibm_tick_momentum", parameters={"fast": 2, "slow": 3}) as session:
        rising_ibm(session)
        (entry,) = session.open_orders
        assert (entry.quantity, entry.get(OrderField.LIMIT_PRICE)) == (100, 180.00)
        session.quote("IBM", bid=180.30, ask=180.32)
        session.trade("IBM", 180.60)
        assert entry.get(OrderField.LIMIT_PRICE) == 180.30
        session.trade("IBM", 180.29)
        assert session.position("IBM").quantity == 100
        session.trade("IBM", 179.00)
        session.trade("IBM", 178.00)
        assert session.position("IBM").quantity == 0
        assert "trend turned" in [ticket.tag for ticket in session.orders]


def test_tick_momentum_holds_nothing_over_night() -> None:
    with example("ibm_tick_momentum", parameters={"fast": 2, "slow": 3}) as session:
        rising_ibm(session)
        session.quote("IBM", bid=180.30, ask=180.32)
        session.trade("IBM", 180.60)
        session.trade("IBM", 180.29)
        assert session.position("IBM").quantity == 100
        session.advance_to("15:55")
        session.trade("IBM", 180.00)
        assert session.position("IBM").quantity == 0


def test_ema_cross_buys_when_the_fast_average_is_above() -> None:
    with example("spy_ema_cross", parameters={"fast": 1, "slow": 2}) as session:
        session.bar("SPY", 165.0, at="2013-10-08 09:31")
        for minute in range(20):
            assert not session.orders, f"nothing is bought before the averages are ready, minute {minute}"
            session.bar("SPY", 165.0)
        for _ in range(10):
            session.bar("SPY", 167.0)
        assert session.position("SPY").quantity == int(90_000 / 167)
        for _ in range(10):
            session.bar("SPY", 160.0)
        assert session.position("SPY").quantity == 0


def test_pair_spread_sells_the_dear_leg_and_closes_near_the_mean() -> None:
    parameters = {"window": 5, "entry": 1.9, "exit": 0.6}
    with example("pair_spread", parameters=parameters) as session:
        for price in (180, 180, 180, 180, 190):
            with session.moment():
                session.bar("SPY", 90.0)
                session.bar("IBM", price)
        assert session.position("IBM").quantity < 0 < session.position("SPY").quantity
        assert len(session.orders) == 2
        for price in (185, 184.9):
            with session.moment():
                session.bar("SPY", 90.0)
                session.bar("IBM", price)
        session.advance(minutes=1)
        assert session.position("IBM").quantity == session.position("SPY").quantity == 0


def test_rebalance_gives_the_stronger_symbol_twice_the_weight() -> None:
    past = [PastBars("IBM", Resolution.DAILY, [100] * 10), PastBars("SPY", Resolution.DAILY, [100] * 10)]
    with example("scheduled_rebalance", start="2013-10-07", past=past) as session:
        with session.moment(at="09:31"):
            session.bar("IBM", 101)
            session.bar("SPY", 105)
        session.advance_to("10:01")
        weights = {each: session.position(each).holdings_value / session.equity for each in ("IBM", "SPY")}
        assert weights == pytest.approx({"IBM": 0.3, "SPY": 0.6}, abs=0.01)
        with session.moment(at="15:44"):
            session.bar("IBM", 101)
            session.bar("SPY", 105)
        session.advance_to("15:46")
        weights = {each: session.position(each).holdings_value / session.equity for each in ("IBM", "SPY")}
        assert weights == pytest.approx({"IBM": 0.15, "SPY": 0.3}, abs=0.01)


def breakout(session: Session) -> None:
    for close in (100, 100, 100, 101):
        with session.moment():
            session.bar("BTCUSD", close)
            session.quote_bar("BTCUSD", close - 0.01, close + 0.01)


@pytest.mark.parametrize("refused", ["stop", "target"])
def test_breakout_leaves_when_half_of_its_bracket_is_refused(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    parameters = {"window": 3, "risk": 0.01, "reward": 2.0}
    with example("btc_breakout_bracket", start="2018-04-04", parameters=parameters) as session:
        algorithm = session.algorithm
        method = "stop_market_order" if refused == "stop" else "limit_order"
        place = getattr(algorithm, method)
        # A quantity that the account cannot carry.
        monkeypatch.setattr(
            algorithm, method, lambda symbol, quantity, price, tag: place(symbol, quantity * 1e6, price, tag=tag)
        )
        breakout(session)
        assert [ticket.tag for ticket in session.orders if ticket.status == OrderStatus.INVALID] == [refused]
        with session.moment():
            session.bar("BTCUSD", 101)
            session.quote_bar("BTCUSD", 100.99, 101.01)
        assert session.position("BTCUSD").quantity == 0
        assert not session.open_orders
        monkeypatch.undo()
        with session.moment():
            session.bar("BTCUSD", 105)
            session.quote_bar("BTCUSD", 104.99, 105.01)
        assert session.position("BTCUSD").quantity == 1, "it enters again"
        assert {ticket.tag for ticket in session.open_orders} == {"stop", "target"}


def test_breakout_leaves_when_an_order_of_its_bracket_is_taken_away() -> None:
    parameters = {"window": 3, "risk": 0.01, "reward": 2.0}
    with example("btc_breakout_bracket", start="2018-04-04", parameters=parameters) as session:
        breakout(session)
        session.algorithm.bracket[0].cancel("by hand")
        for _ in range(2):
            with session.moment():
                session.bar("BTCUSD", 101)
                session.quote_bar("BTCUSD", 100.99, 101.01)
        assert session.position("BTCUSD").quantity == 0
        assert not session.open_orders


@pytest.mark.parametrize(("reached", "tag"), [(99.9, "stop"), (104.0, "target")])
def test_breakout_places_a_bracket_and_one_order_cancels_the_other(reached: float, tag: str) -> None:
    parameters = {"window": 3, "risk": 0.01, "reward": 2.0}
    with example("btc_breakout_bracket", start="2018-04-04", parameters=parameters) as session:
        breakout(session)
        assert session.position("BTCUSD").quantity == 1
        assert {ticket.tag for ticket in session.open_orders} == {"stop", "target"}
        # The price comes back within the minute, so that the close is no new breakout.
        prices = (101.0, max(101.0, reached), min(100.5, reached), 100.5)
        with session.moment():
            session.bar("BTCUSD", 100.5, open=101.0, high=prices[1], low=prices[2])
            session.quote_bar("BTCUSD", prices, prices)
        assert session.position("BTCUSD").quantity == 0
        assert not session.open_orders
        filled = [ticket.tag for ticket in session.orders if ticket.status == OrderStatus.FILLED]
        assert filled == ["breakout", tag]


def quoting_ibm(session: Session) -> None:
    with session.moment(at="09:45:00"):
        session.trade("IBM", 180.00)
        session.quote("IBM", bid=179.99, ask=180.01)
    session.quote("IBM", bid=179.99, ask=180.01)


def resting(session: Session) -> dict[float, float]:
    return {ticket.quantity: ticket.get(OrderField.LIMIT_PRICE) for ticket in session.open_orders}


def test_quoting_rests_on_both_sides_and_replaces_when_the_middle_moves() -> None:
    with example("ibm_quoting") as session:
        session.quote("IBM", bid=179.99, ask=180.01, at="09:30:00")
        assert not session.orders, "the opening is left out"
        quoting_ibm(session)
        assert resting(session) == {100: 179.96, -100: 180.04}
        session.quote("IBM", bid=180.00, ask=180.02)
        assert len(session.orders) == 2, "a cent is no reason to move"
        session.quote("IBM", bid=180.05, ask=180.07)
        assert not session.open_orders, "the old orders go before the new ones come"
        session.quote("IBM", bid=180.05, ask=180.07)
        assert resting(session) == {100: 180.02, -100: 180.10}


def test_quoting_keeps_its_inventory_within_the_limit() -> None:
    with example("ibm_quoting", parameters={"inventory": 200, "skew": 0}) as session:
        quoting_ibm(session)
        for held in (100, 200):
            session.trade("IBM", 179.90)
            session.quote("IBM", bid=179.99, ask=180.01)
            assert session.position("IBM").quantity == held
        assert resting(session) == {-100: 180.04}
        session.trade("IBM", 180.10)
        session.quote("IBM", bid=179.99, ask=180.01)
        assert session.position("IBM").quantity == 100
        assert set(resting(session)) == {100, -100}
        session.advance_to("15:50")
        session.trade("IBM", 180.00)
        assert session.position("IBM").quantity == 0
        assert not session.open_orders


def quarter_hour(session: Session, price: float, spread: float = 0.001) -> None:
    for _ in range(15):
        session.quote_bar(
            "EURUSD", (price, price + spread, price - spread, price), (price, price + spread, price - spread, price)
        )


def crossed(session: Session) -> None:
    for _ in range(16):
        quarter_hour(session, 1.3500)
    quarter_hour(session, 1.3400)
    assert not session.orders
    quarter_hour(session, 1.3600)
    session.advance(minutes=1)


def test_eurusd_cross_sizes_by_risk_and_places_a_stop() -> None:
    with example("eurusd_ema_cross", start="2014-05-05", parameters={"fast": 1, "slow": 3, "risk": 0.01}) as session:
        crossed(session)
        held = session.position("EURUSD").quantity
        (stop,) = session.open_orders
        assert stop.order_type == OrderType.STOP_MARKET
        assert stop.quantity == -held < 0
        loss = held * (session.position("EURUSD").average_price - stop.get(OrderField.STOP_PRICE))
        assert loss == pytest.approx(1_000, rel=0.01)
        quarter_hour(session, 1.3000)
        session.advance(minutes=1)
        assert stop.status == OrderStatus.FILLED
        assert session.algorithm.stopped == 1


@pytest.mark.parametrize("lacking", ["budget", "range"])
def test_eurusd_cross_goes_flat_when_the_new_side_cannot_be_sized(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    with example("eurusd_ema_cross", start="2014-05-05", parameters={"fast": 1, "slow": 3}) as session:
        crossed(session)
        assert session.position("EURUSD").quantity > 0
        monkeypatch.setattr(session.algorithm, *(("risk", 1e-9) if lacking == "budget" else ("stop_multiple", 0.0)))
        session.algorithm.turn(-1)
        session.quote_bar("EURUSD", 1.36, 1.361)
        assert session.position("EURUSD").quantity == 0
        assert not session.open_orders
        assert session.algorithm.entries == 1


def test_eurusd_cross_keeps_a_stop_when_its_turn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with example("eurusd_ema_cross", start="2014-05-05", parameters={"fast": 1, "slow": 3}) as session:
        crossed(session)
        held = session.position("EURUSD").quantity
        monkeypatch.setattr(session.algorithm, "risk", 1e6)
        session.algorithm.turn(-1)
        session.quote_bar("EURUSD", 1.36, 1.361)
        assert session.position("EURUSD").quantity == held
        assert [ticket.quantity for ticket in session.open_orders] == [-held]
        session.algorithm.turn(1)
        assert [ticket.quantity for ticket in session.open_orders] == [-held], "it holds that side already"


def test_eurusd_cross_is_flat_over_the_weekend() -> None:
    with example("eurusd_ema_cross", start="2014-05-05", parameters={"fast": 1, "slow": 3}) as session:
        crossed(session)
        assert session.position("EURUSD").quantity != 0
        session.quote_bar("EURUSD", 1.36, 1.36, at="2014-05-09 16:29")
        session.advance_to("16:31")
        assert session.position("EURUSD").quantity == 0
        assert not session.open_orders


# -- whole runs


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def play(name: str, folder: Path, results: Path, parameters: dict[str, str]) -> tuple[int, str]:
    """Return the number of orders, and a digest of the order events."""
    run, sink = run_file(EXAMPLES / f"{name}.py", folder, results, parameters=parameters)
    return run.engine.transactions.orders_count, hashlib.sha256(repr(sink.events).encode()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_on_the_sample_session(name: str, sample: Path, tmp_path: Path) -> None:
    parameters = SAMPLE_PARAMETERS.get(name, {})
    first = play(name, sample, tmp_path / "first", parameters)
    assert first[0] > 0
    assert play(name, sample, tmp_path / "second", parameters) == first


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_on_leans_sample_data(name: str, tmp_path: Path) -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("there is no LEAN data folder")
    first = play(name, folder, tmp_path / "first", {})
    assert first[0] > 0
    assert play(name, folder, tmp_path / "second", {}) == first


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_shows_and_needs(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    header = text.split('"""')[1]
    for word in ("Shows", "Parameters:", "lean-live"):
        assert word in header, f"the header of {name}.py lacks {word!r}"
