"""Reading takes as much memory for twenty days as for two: measured in Python's allocator, over every kind of stream."""

from __future__ import annotations

import gc
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.zips import write_zip

from live.algorithm.enums import AccountType, BrokerageName, DataNormalizationMode, Resolution, SecurityType
from live.clock import NANOSECONDS_PER_DAY, date_to_ns
from live.feeds.bar_subscription import END_OF_DATA_NS
from live.feeds.data_folder import DataFolder
from live.feeds.sample import write_sample
from live.paper.models.broker_models import brokerage_model
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import SecurityManager
from live.paper.subscriptions import Subscriptions

DAYS = [date(2013, 10, day) for day in range(1, 21)]
KINDS = [
    (SecurityType.EQUITY, "IBM", "usa", Resolution.TICK),
    (SecurityType.EQUITY, "SPY", "usa", Resolution.MINUTE),
    (SecurityType.FOREX, "EURUSD", "oanda", Resolution.MINUTE),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample session over many days, with an eighth of its ticks: more than a chunk a day is all that matters."""
    path = tmp_path_factory.mktemp("days")
    write_sample(path, days=DAYS)
    for file in path.glob("equity/usa/tick/ibm/*.zip"):
        with zipfile.ZipFile(file) as archive:
            (name,) = archive.namelist()
            rows = archive.read(name).splitlines()[::8]
        write_zip(file, b"\n".join(rows), name)
    return path


def points_of(folder: Path, first: date, last: date) -> Iterator[int]:
    """Read every subscription and yield how many data points each moment has."""
    subscriptions = Subscriptions(DataFolder(folder))
    securities = SecurityManager()
    portfolio = SecurityPortfolioManager(securities, subscriptions.settings)
    portfolio.set_cash("USD", 100_000)
    model = brokerage_model(BrokerageName.DEFAULT, AccountType.MARGIN)
    for security_type, ticker, market, resolution in KINDS:
        mode = DataNormalizationMode.ADJUSTED
        security = subscriptions.create_security(
            portfolio, security_type, ticker, market, resolution, True, False, mode
        )
        security.buying_power_model = model.get_buying_power_model(security)
        securities[security.symbol] = security
        subscriptions.subscribe(security, resolution, True, False, mode)
    end_ns = date_to_ns(last) + NANOSECONDS_PER_DAY - 1
    frontier = subscriptions.open(securities, date_to_ns(first), end_ns, None)
    while (time_ns := frontier.next_time_ns()) != END_OF_DATA_NS:
        yield sum(len(update.points) for update in frontier.collect(time_ns))
    assert subscriptions.bytes_read == subscriptions.bytes_total
    subscriptions.close()


def peak_bytes(folder: Path, first: date, last: date) -> tuple[int, int]:
    """Return the number of data points and the largest number of bytes that were in use for them at once."""
    gc.collect()
    tracemalloc.start()
    try:
        count = sum(points_of(folder, first, last))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_days(folder: Path) -> None:
    peak_bytes(folder, DAYS[0], DAYS[1])
    few, few_bytes = peak_bytes(folder, DAYS[0], DAYS[1])
    many, many_bytes = peak_bytes(folder, DAYS[0], DAYS[-1])
    # Two days have two sessions, twenty have fourteen.
    assert many > 6 * few
    assert many_bytes < 1.25 * few_bytes
