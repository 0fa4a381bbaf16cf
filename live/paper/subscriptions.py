"""Subscriptions of a run: from `add_equity` to streams of data points, fill-forward, hours and adjustment included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from live.algorithm.data import Bar, BaseData, Dividend, QuoteBar, Split, TradeBar, make_quote_bar, make_trade_bar
from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType, SplitType, TickType
from live.algorithm.symbols import SecurityIdentifier, Symbol, security_identifier
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_date
from live.errors import UnsupportedApiError, UsageError
from live.feeds.bar_subscription import (
    BarSubscription,
    SubscriptionConfig,
    keep_missing_sides,
    merge_by_end,
)
from live.feeds.corporate_actions import FactorFile, MapFile, load_factor_file, load_map_file
from live.feeds.data_folder import DataFolder
from live.feeds.fill_forward import FillForwardRules
from live.feeds.market_hours import MarketHoursDatabase
from live.feeds.streams import DayFile, RowStream, TickStream, bar_decoder, bar_records, tick_decoder
from live.feeds.symbol_properties import SymbolPropertiesDatabase
from live.hot.records import RecordBuffer
from live.paper.frontier import Frontier
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security, SecurityManager
from live.paper.tick_source import TickSubscription

_SCALE = 1e9
_MODES = (DataNormalizationMode.RAW, DataNormalizationMode.ADJUSTED)
_COARSE = (Resolution.HOUR, Resolution.DAILY)


class Subscriptions:
    """All subscriptions of a run, and the reference data they are made from.

    Parameters:
        data_folder: the LEAN data folder.
    """

    def __init__(self, data_folder: DataFolder) -> None:
        self.folder = data_folder
        self.market_hours = MarketHoursDatabase(data_folder.path)
        self.symbol_properties = SymbolPropertiesDatabase(data_folder.path)
        self.configs: list[SubscriptionConfig] = []
        self.streams: list[RowStream] = []
        self._maps: dict[Symbol, MapFile] = {}
        self._factors: dict[Symbol, FactorFile] = {}

    # -- set-up

    def find(
        self, securities: SecurityManager, security_type: SecurityType, ticker: str, market: str
    ) -> Security | None:
        """Return the security of a ticker when it was added before."""
        for symbol, security in securities.items():
            if symbol.value == ticker.upper() and symbol.id.market == market and security.type is security_type:
                return security
        return None

    def create_security(
        self,
        portfolio: SecurityPortfolioManager,
        security_type: SecurityType,
        ticker: str,
        market: str,
        resolution: Resolution,
        fill_forward: bool,
        extended_market_hours: bool,
        normalization: DataNormalizationMode,
    ) -> Security:
        """Make a security, and the cash entries of its currencies.

        Raises:
            DataError: there are no data of the symbol, or its market is unknown.
            UnsupportedApiError: prices are wanted in a way that the engine does not have.
        """
        if normalization not in _MODES:
            raise UnsupportedApiError(
                f"data normalization mode {normalization} is not in the subset; use DataNormalizationMode.RAW or ADJUSTED"
            )
        hours = self.market_hours.hours(security_type, market, ticker)
        properties = self.symbol_properties.properties(security_type, market, ticker)
        symbol = self._make_symbol(security_type, ticker, market)
        quote = portfolio.cash_book.ensure(properties.quote_currency)
        base = None if properties.base_currency is None else portfolio.cash_book.ensure(properties.base_currency)
        is_equity = security_type is SecurityType.EQUITY
        security = Security(
            symbol,
            hours,
            properties,
            quote,
            base,
            resolution,
            normalization if is_equity else DataNormalizationMode.RAW,
            extended_market_hours and is_equity,
            fill_forward,
        )
        security.cash_book = portfolio.cash_book
        security.primary_exchange = self._maps[symbol].primary_exchange
        if security.data_normalization_mode is DataNormalizationMode.ADJUSTED:
            factors, mode = self._factors[symbol], security.data_normalization_mode
            security.price_factor_on = lambda day: factors.price_scale(day, mode)
        account = portfolio.account_currency
        if base is not None and quote.symbol == account and base.conversion_security is None:
            base.conversion_security = security
        elif base is not None and base.symbol == account and quote.conversion_security is None:
            quote.conversion_security, quote.is_inverted = security, True
        return security

    def _make_symbol(self, security_type: SecurityType, ticker: str, market: str) -> Symbol:
        ticker = ticker.upper()
        first_day: date | None = None
        name = ticker
        maps = MapFile([], ticker)
        if security_type is SecurityType.EQUITY:
            maps = load_map_file(self.folder.map_file(market, ticker), ticker)
            first_day, name = maps.first_day, maps.first_ticker
        text = security_identifier(name, security_type, market, first_day)
        symbol = Symbol(ticker, SecurityIdentifier(text, security_type, market), len(self._maps))
        self._maps[symbol] = maps
        if security_type is SecurityType.EQUITY:
            self._factors[symbol] = load_factor_file(self.folder.factor_file(market, ticker))
        else:
            self._factors[symbol] = FactorFile([])
        return symbol

    def subscribe(
        self,
        security: Security,
        resolution: Resolution,
        fill_forward: bool,
        extended_market_hours: bool,
        normalization: DataNormalizationMode,
    ) -> None:
        """Subscribe to the trades and quotes that LEAN gives a class at a resolution."""
        symbol = security.symbol
        ticker_now = symbol.value
        self.folder.require_ticker(
            security.type, symbol.id.market, resolution, self._any_ticker(symbol, resolution, ticker_now)
        )
        for is_quote in kinds_of(security.type, resolution):
            self.configs.append(
                SubscriptionConfig(
                    symbol,
                    resolution,
                    is_quote,
                    normalization if security.type is SecurityType.EQUITY else DataNormalizationMode.RAW,
                    extended_market_hours and security.type is SecurityType.EQUITY,
                    fill_forward,
                    security.hours,
                )
            )
        self.configs.sort(key=lambda config: config.sort_key)
        for order, config in enumerate(self.configs):
            config.order = order

    def _any_ticker(self, symbol: Symbol, resolution: Resolution, ticker: str) -> str:
        """Return a ticker of the symbol's history that has a folder, for the check that data exist."""
        known = self.folder.tickers(symbol.security_type, symbol.id.market, resolution)
        maps = self._maps[symbol]
        candidates = [ticker, maps.first_ticker]
        return next((each for each in candidates if each.lower() in known), ticker)

    def configs_of(self, symbol: Symbol) -> list[SubscriptionConfig]:
        """Return the subscriptions of a symbol, trades before quotes."""
        return [config for config in self.configs if config.symbol is symbol]

    def for_consolidation(self, symbol: Symbol, tick_type: TickType | None) -> SubscriptionConfig:
        """Return the finest subscription of a symbol, of a kind when one is asked for; trades go before quotes.

        Raises:
            UsageError: the symbol has no such data.
        """
        configs = [
            config
            for config in self.configs_of(symbol)
            if tick_type is None or config.is_quote is (tick_type is TickType.QUOTE)
        ]
        if not configs:
            raise UsageError(f"{symbol} has no {tick_type or 'data'} subscription; subscribe to it first")
        return min(configs, key=lambda config: (config.resolution, config.is_quote))

    # -- streams

    def close(self) -> None:
        """Close the files that are open, however the run ended."""
        for stream in self.streams:
            stream.close()

    def open(self, securities: SecurityManager, begin_ns: int, end_ns: int) -> Frontier:
        """Open every subscription.

        Parameters:
            securities: the run's securities.
            begin_ns: first moment, warm-up included, UTC.
            end_ns: last moment, UTC.

        Raises:
            DataError: a file is damaged.
        """
        return self._open(
            [(config, begin_ns) for config in self.configs], securities, begin_ns, end_ns, is_counted=True
        )

    def open_aside(
        self, securities: SecurityManager, configs: list[tuple[SubscriptionConfig, int]], end_ns: int
    ) -> Frontier:
        """Open subscriptions for a history request, each from a moment of its own; their bytes are no progress of the run."""
        begin_ns = min(begin for _, begin in configs)
        for order, (config, _) in enumerate(configs):
            config.order = order
        return self._open(configs, securities, begin_ns, end_ns, is_counted=False)

    def _open(
        self,
        configs: list[tuple[SubscriptionConfig, int]],
        securities: SecurityManager,
        begin_ns: int,
        end_ns: int,
        is_counted: bool,
    ) -> Frontier:
        steps = [config.resolution for config, _ in configs if config.resolution is not Resolution.TICK]
        step_ns = min(steps, default=Resolution.MINUTE).period_ns
        bars: list[tuple[BarSubscription, Security]] = []
        ticks: list[TickSubscription] = []
        for config, begin in configs:
            security = securities[config.symbol]
            if config.resolution is Resolution.TICK:
                ticks.append(self._open_ticks(config, security, begin, end_ns, is_counted))
            else:
                bars.append((self._open_bars(config, begin, end_ns, step_ns, is_counted), security))
        return Frontier(begin_ns, bars, list(ticks))

    def bar_points(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, is_counted: bool = True
    ) -> Iterator[BaseData]:
        """Return the decoded bars of a subscription that end at or after `begin_ns` and start before `end_ns`, adjusted, unfilled.

        Their bytes count toward the run's progress unless they are read aside, for history.
        """
        hours = config.hours
        begin, end = hours.exchange_zone.to_local_ns(begin_ns), hours.exchange_zone.to_local_ns(end_ns)
        rows = self._row_stream(config, begin, end)
        if is_counted:
            self.streams.append(rows)
        return self._bars(config, rows, begin, end)

    def _open_bars(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, step_ns: int, is_counted: bool
    ) -> BarSubscription:
        zone = config.hours.exchange_zone
        begin, end = zone.to_local_ns(begin_ns), zone.to_local_ns(end_ns)
        points = self.bar_points(config, begin_ns, end_ns, is_counted)
        if config.fill_forward and config.is_quote:
            points = keep_missing_sides(points)
        if config.symbol.security_type is SecurityType.EQUITY and not config.is_quote:
            points = merge_by_end(points, self._events(config, begin, end))
        is_strict = config.resolution is Resolution.DAILY and config.hours.uses_strict_daily_end
        period = config.resolution.period_ns
        extended = config.extended_market_hours
        rules = FillForwardRules(config.hours, config.data_zone, period, step_ns, extended, is_strict, end)
        return BarSubscription(config, points, rules)

    def _open_ticks(
        self, config: SubscriptionConfig, security: Security, begin_ns: int, end_ns: int, is_counted: bool
    ) -> TickSubscription:
        zone = config.hours.exchange_zone
        begin, end = zone.to_local_ns(begin_ns), zone.to_local_ns(end_ns)

        def sessions(midnight_data_ns: int) -> list[tuple[int, int]]:
            return self._sessions(config, midnight_data_ns, begin_ns, end_ns)

        files = self._day_files(config, begin, end)
        decoder = tick_decoder(config.symbol.security_type, config.is_quote)
        rows = RowStream(files, decoder, config.data_zone, sessions)
        if is_counted:
            self.streams.append(rows)
        stream = TickStream(rows, config.symbol.index)
        events: Iterator[BaseData] = iter(())
        if config.symbol.security_type is SecurityType.EQUITY and not config.is_quote:
            events = self._events(config, begin, end)
        return TickSubscription(config, security, stream, self._scale_of(config), events)

    def _scale_of(self, config: SubscriptionConfig) -> Any:
        """Return a function from an exchange day to the factor of its prices."""
        factors = self._factors[config.symbol]
        mode = config.normalization
        return lambda day: float(factors.price_scale(day, mode))

    def _sessions(
        self, config: SubscriptionConfig, midnight_data_ns: int, begin_ns: int, end_ns: int
    ) -> list[tuple[int, int]]:
        """Return the spans of UTC, within a file's day and the run, in which a subscription's ticks are delivered."""
        hours = config.hours
        first = config.data_zone.to_utc_ns(midnight_data_ns)
        last = config.data_zone.to_utc_ns(midnight_data_ns + NANOSECONDS_PER_DAY)
        day = hours.exchange_zone.to_local_ns(first)
        spans: list[tuple[int, int]] = []
        while day - day % NANOSECONDS_PER_DAY <= hours.exchange_zone.to_local_ns(last):
            for start, stop, state in hours.segments(day):
                if state != "market" and not config.extended_market_hours:
                    continue
                low = max(hours.exchange_zone.to_utc_ns(start), first, begin_ns)
                high = min(hours.exchange_zone.to_utc_ns(stop), last, end_ns + 1)
                if low < high:
                    if spans and spans[-1][1] == low:
                        spans[-1] = (spans[-1][0], high)
                    else:
                        spans.append((low, high))
            day += NANOSECONDS_PER_DAY
        return spans

    def _row_stream(self, config: SubscriptionConfig, begin: int, end: int) -> RowStream:
        symbol, resolution = config.symbol, config.resolution
        if resolution in _COARSE:
            files = self._history_files(config)
        else:
            files = self._day_files(config, begin, end)
        decoder = bar_decoder(symbol.security_type, config.is_quote, resolution)
        return RowStream(files, decoder, config.data_zone, None)

    def _day_files(self, config: SubscriptionConfig, begin: int, end: int) -> list[DayFile]:
        symbol = config.symbol
        maps = self._maps[symbol]
        files: list[DayFile] = []
        for day in config.hours.data_days(begin, end, config.extended_market_hours):
            if not maps.has_data(day):
                continue
            path = self.folder.day_file(
                symbol.security_type, symbol.id.market, config.resolution, maps.ticker_on(day), day, config.is_quote
            )
            if path.is_file():
                files.append(DayFile(path, date_to_ns(day)))
        return files

    def _history_files(self, config: SubscriptionConfig) -> list[DayFile]:
        symbol = config.symbol
        path = self.folder.history_file(
            symbol.security_type, symbol.id.market, config.resolution, symbol.value, config.is_quote
        )
        return [DayFile(path, 0)] if path.is_file() else []

    def _bars(self, config: SubscriptionConfig, rows: RowStream, begin: int, end: int) -> Iterator[BaseData]:
        """Turn records into bars of exchange time, adjusted, from `begin` to `end`."""
        hours = config.hours
        data_zone, exchange_zone = config.data_zone, hours.exchange_zone
        same_zone = data_zone is exchange_zone
        is_strict = config.resolution is Resolution.DAILY and hours.uses_strict_daily_end
        factors = self._factors[config.symbol]
        scaled_day, price_scale, volume_scale = -1, 1.0, 1.0
        for buffer, index in bar_records(rows):
            start, stop = buffer.word(index, 0), buffer.word(index, 1)
            if not same_zone:
                start = exchange_zone.to_local_ns(data_zone.to_utc_ns(start))
                stop = start + config.resolution.period_ns
            if is_strict:
                start, stop = hours.daily_calendar(stop)
            if stop < begin:
                continue
            if start > end:
                rows.skip_rest()
                return
            day = stop // NANOSECONDS_PER_DAY
            if config.normalization is DataNormalizationMode.ADJUSTED and day != scaled_day:
                scaled_day = day
                on = ns_to_date(stop)
                price_scale = float(factors.price_scale(on, config.normalization))
                volume_scale = float(Decimal(1) / factors.price_scale(on, config.normalization))
            yield _make_bar(config, buffer, index, start, stop, price_scale, volume_scale)

    def _events(self, config: SubscriptionConfig, begin: int, end: int) -> Iterator[BaseData]:
        """Return splits and dividends between two moments of exchange time, each at midnight of its day."""
        hours = config.hours
        first = ns_to_date(hours.previous_open_day(begin))
        events: list[BaseData] = []
        for action in self._factors[config.symbol].actions(first, ns_to_date(end)):
            warning_ns = date_to_ns(action.row_day)
            day_ns = warning_ns + NANOSECONDS_PER_DAY
            while not hours.is_date_open(day_ns):
                day_ns += NANOSECONDS_PER_DAY
            value, reference = float(action.value), float(action.reference_price)
            if not action.is_split:
                if begin <= day_ns <= end:
                    events.append(Dividend(config.symbol, day_ns, value, reference))
                continue
            if begin <= warning_ns <= end:
                events.append(Split(config.symbol, warning_ns, value, reference, SplitType.WARNING))
            if begin <= day_ns <= end:
                events.append(Split(config.symbol, day_ns, value, reference, SplitType.SPLIT_OCCURRED))
        return iter(sorted(events, key=lambda event: event.end_local_ns))

    @property
    def bytes_total(self) -> int:
        """Bytes of data of the run."""
        return sum(stream.bytes_total for stream in self.streams)

    @property
    def bytes_read(self) -> int:
        """Bytes decoded so far."""
        return sum(stream.bytes_read for stream in self.streams)


def kinds_of(security_type: SecurityType, resolution: Resolution) -> tuple[bool, ...]:
    """Return whether quotes are meant, for each kind of data that LEAN subscribes to: equities have no hourly or daily quotes."""
    if security_type is SecurityType.FOREX:
        return (True,)
    if security_type is SecurityType.EQUITY and resolution in _COARSE:
        return (False,)
    return (False, True)


def _make_bar(
    config: SubscriptionConfig,
    buffer: RecordBuffer,
    index: int,
    start: int,
    stop: int,
    scale: float,
    volume_scale: float,
) -> TradeBar | QuoteBar:
    """Return the bar of a record; the scale adjusts its prices."""
    base = index * buffer.width
    words, reals = buffer.words, buffer.reals
    prices = [words[base + 2 + each] / _SCALE * scale for each in range(4)]
    if not config.is_quote:
        volume = reals[base + 6] if volume_scale == 1.0 else float(round(reals[base + 6] * volume_scale))
        return make_trade_bar(config.symbol, start, stop, prices[0], prices[1], prices[2], prices[3], volume, False)
    asks = [words[base + 7 + each] / _SCALE * scale for each in range(4)]
    bid = Bar(*prices) if prices[3] else None
    ask = Bar(*asks) if asks[3] else None
    return make_quote_bar(config.symbol, start, stop, bid, reals[base + 6], ask, reals[base + 11], False)
