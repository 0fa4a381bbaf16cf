"""The table of rows, the generated market, and the strategies."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.loader import load_algorithm
from live.bench.child import JOBS
from live.bench.market import SESSION_MS, price_cents, tickers, write_market
from live.bench.rows import rows, select
from live.bench.session import STRATEGIES, play
from live.errors import UsageError


@pytest.mark.parametrize("is_quick", [True, False])
def test_rows_have_names_of_their_own_and_jobs_and_strategies_that_exist(is_quick: bool) -> None:
    found = rows(is_quick)
    assert len({row.name for row in found}) == len(found)
    for row in found:
        assert row.job in JOBS
        assert row.rounds >= 1
        assert row.compared_with is None or row.compared_with in {each.name for each in found}
        strategy = row.parameters.get("strategy")
        assert strategy is None or (STRATEGIES / f"{strategy}.py").is_file()


def test_rows_are_selected_by_name_and_by_beginning() -> None:
    everything = rows(True)
    assert select(everything, ()) == everything
    assert [row.name for row in select(everything, ("start-help", "replay", "replay-live"))] == [
        "replay-live",
        "replay-slice",
        "start-help",
    ]
    assert len(select(everything, ["cold"])) == 6
    assert [row.name for row in select(everything, ["symbols-1"])] == ["symbols-1"]


@pytest.mark.parametrize("word", ["", "replay,paced", "repl", "replay-"])
def test_a_word_that_names_no_row_is_an_error_that_names_them(word: str) -> None:
    with pytest.raises(UsageError, match=f"'{word}' names no row; there are: replay-live, "):
        select(rows(True), ["paced", word])


def test_strategies_load_in_the_tier_that_their_names_say() -> None:
    for path in sorted(STRATEGIES.glob("*.py")):
        if path.name.startswith("lean_"):
            # Inside LEAN only.
            continue
        loaded = load_algorithm(path)
        assert not loaded.warnings
        assert issubclass(loaded.cls, LiveAlgorithm) is not path.name.startswith("slice_")


@pytest.mark.parametrize(("symbols", "ticks"), [(1, 1), (3, 100), (7, 5_001)])
def test_every_generated_tick_is_played(tmp_path: Path, symbols: int, ticks: int) -> None:
    write_market(tmp_path / "data", symbols, ticks, 250)
    run = play("many_symbols", tmp_path / "data", {"symbols": str(symbols)})
    assert run.ticks == {"trade": ticks, "quote": 0}


def test_both_tiers_trade_on_the_generated_market(tmp_path: Path) -> None:
    write_market(tmp_path / "data", 1, 10_000, 1_000)
    words = {"ticker": tickers(1)[0], "last_day": "7"}
    runs = [play(f"{tier}_ema_cross", tmp_path / "data", words) for tier in ("live", "slice")]
    assert runs[0].orders == runs[1].orders
    assert runs[0].orders["Filled"] >= 5
    assert runs[0].equity == runs[1].equity


def test_prices_move_by_single_cents_between_fixed_bounds() -> None:
    prices = [price_cents(tick) for tick in range(10_000)]
    assert (min(prices), max(prices)) == (10_000, 10_040)
    assert max(abs(later - sooner) for sooner, later in itertools.pairwise(prices)) == 1


def test_more_ticks_than_a_session_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="last longer than a session"):
        write_market(tmp_path, 1, SESSION_MS + 1, 1_000)
