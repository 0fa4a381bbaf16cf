"""Subscriptions of a run: from `add_equity` to streams of data points, fill-forward, hours and adjustment included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from live.algorithm.data import QuoteBar, TradeBar
from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from live.algorithm.symbols import SecurityIdentifier, Symbol
from live.clock import date_to_ns
from live.errors import UnsupportedApiError, UsageError
from live.feeds.bar_reader import BarReader, with_events
from live.feeds.bar_subscription import (
    BarPoints,
    BarSubscription,
    SubscriptionConfig,
    WarmUpThenRun,
    keep_missing_sides,
)
from live.feeds.corporate_events import CorporateEvent, corporate_events
from live.feeds.data_folder import DataFolder
from live.feeds.fill_forward import FillForwardRules
from live.feeds.given_bars import GivenBars
from live.feeds.listing import Listing, resolve_listing
from live.feeds.map_files import ListingFiles
from live.feeds.market_hours import MarketHoursDatabase
from live.feeds.streams import RowStream, TickStream, tick_decoder
from live.feeds.subscription_files import bar_files, day_files, missing_days, tick_sessions
from live.feeds.symbol_properties import SymbolPropertiesDatabase
from live.paper.frontier import Frontier
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security, SecurityManager
from live.paper.settings import AlgorithmSettings
from live.paper.tick_source import TickSubscription

_MODES = (DataNormalizationMode.RAW, DataNormalizationMode.ADJUSTED)
_COARSE = (Resolution.HOUR, Resolution.DAILY)


class WarmUpSpan(NamedTuple):
    """A warm-up with a resolution of its own, and the moment at which it ends, UTC."""

    resolution: Resolution
    end_ns: int


class Subscriptions:
    """All subscriptions of a run, and the reference data they are made from.

    Parameters:
        data_folder: the LEAN data folder.
        like: subscriptions of another run on the same folder, whose reference data are shared; None reads them.
    """

    def __init__(self, data_folder: DataFolder, like: Subscriptions | None = None) -> None:
        self.folder = data_folder
        self.market_hours: MarketHoursDatabase
        self.symbol_properties: SymbolPropertiesDatabase
        if like is None:
            self.market_hours = MarketHoursDatabase(data_folder.path)
            self.symbol_properties = SymbolPropertiesDatabase(data_folder.path)
        else:
            self.market_hours, self.symbol_properties = like.market_hours, like.symbol_properties
        self.configs: list[SubscriptionConfig] = []
        self.streams: list[RowStream] = []
        self.settings = AlgorithmSettings()
        """Settings of the run, which the algorithm may change."""
        self.takes_raw_prices = False
        """Whether prices of equities stay as they were traded, whatever the algorithm asks for: a live run has no others."""
        self._files: dict[str, ListingFiles] = {}
        self._listings: dict[tuple[str, str], Listing] = {}

    # -- set-up

    def find(
        self, securities: SecurityManager, security_type: SecurityType, ticker: str, market: str
    ) -> Security | None:
        """Return the security of a ticker when it was added before, by this or by another of its tickers.

        Raises:
            DataError: a map or factor file is damaged.
        """
        found: Security | None = securities.get(self._listing(security_type, ticker, market).symbol)
        return found

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
        _require_supported(normalization)
        hours = self.market_hours.hours(security_type, market, ticker)
        properties = self.symbol_properties.properties(security_type, market, ticker)
        listing = self._listing(security_type, ticker, market)
        symbol = listing.symbol
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
            normalization if is_equity and not self.takes_raw_prices else DataNormalizationMode.RAW,
            extended_market_hours and is_equity,
            fill_forward,
        )
        security.cash_book = portfolio.cash_book
        security.primary_exchange = listing.maps.primary_exchange
        security.on_normalization = self._on_normalization
        self._on_normalization(security, security.data_normalization_mode)
        account = portfolio.account_currency
        if base is not None and quote.symbol == account and base.conversion_security is None:
            base.conversion_security = security
        elif base is not None and base.symbol == account and quote.conversion_security is None:
            quote.conversion_security, quote.is_inverted = security, True
        return security

    def _on_normalization(self, security: Security, mode: DataNormalizationMode) -> None:
        """Adjust the prices of an equity in a way, from its first data on."""
        _require_supported(mode)
        if security.type is not SecurityType.EQUITY:
            return
        if self.takes_raw_prices:
            mode = DataNormalizationMode.RAW
        if self.streams:
            raise UnsupportedApiError(
                f"the prices of {security.symbol} cannot be adjusted in another way once data have been read; call "
                "set_data_normalization_mode in initialize"
            )
        for config in self.configs_of(security.symbol):
            config.normalization = mode
        factors = self._listing_of(security.symbol).factors
        is_raw = mode is DataNormalizationMode.RAW
        security.price_factor_on = None if is_raw else lambda day: factors.price_scale(day, mode)

    def _listing(self, security_type: SecurityType, ticker: str, market: str) -> Listing:
        """Return what a ticker means, as LEAN resolves it; the same object for another name of the same symbol."""
        ticker = ticker.upper()
        files = None
        if security_type is SecurityType.EQUITY:
            files = self._files.get(market)
            if files is None:
                files = self._files[market] = ListingFiles(self.folder.market_folder(security_type, market))
        text, maps, factors = resolve_listing(files, security_type, ticker, market)
        found = self._listings.get((market, text))
        if found is None:
            symbol = Symbol(ticker, SecurityIdentifier(text, security_type, market), len(self._listings))
            found = self._listings[market, text] = Listing(symbol, maps, factors)
        return found

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
        self.require_data(security, resolution)
        for is_quote in kinds_of(security.type, resolution):
            self.configs.append(
                SubscriptionConfig(
                    symbol,
                    resolution,
                    is_quote,
                    normalization
                    if security.type is SecurityType.EQUITY and not self.takes_raw_prices
                    else DataNormalizationMode.RAW,
                    extended_market_hours and security.type is SecurityType.EQUITY,
                    fill_forward,
                    security.hours,
                )
            )
        self.configs.sort(key=lambda config: config.sort_key)
        for order, config in enumerate(self.configs):
            config.order = order

    def require_data(self, security: Security, resolution: Resolution) -> None:
        """Check that there are data to subscribe to; those of a feed are told when it begins.

        Raises:
            DataError: there are none.
        """
        symbol = security.symbol
        ticker = self._ticker_with_data(symbol, resolution)
        self.folder.require_ticker(security.type, symbol.id.market, resolution, ticker)

    def _ticker_with_data(self, symbol: Symbol, resolution: Resolution) -> str:
        """Return a ticker of the symbol's history that there are data of, its own when there is none."""
        known = self.folder.tickers(symbol.security_type, symbol.id.market, resolution)
        tickers = self._listing_of(symbol).tickers()
        return next((each for each in tickers if each.lower() in known), symbol.value)

    def _listing_of(self, symbol: Symbol) -> Listing:
        return self._listings[symbol.id.market, str(symbol.id)]

    def configs_of(self, symbol: Symbol) -> list[SubscriptionConfig]:
        """Return the subscriptions of a symbol, trades before quotes."""
        return [config for config in self.configs if config.symbol == symbol]

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

    def open(self, securities: SecurityManager, begin_ns: int, end_ns: int, warm_up: WarmUpSpan | None) -> Frontier:
        """Open every subscription.

        Parameters:
            securities: the run's securities.
            begin_ns: first moment, warm-up included, UTC.
            end_ns: last moment, UTC.
            warm_up: the resolution of the warm-up when it is not that of the subscriptions.

        Raises:
            DataError: a file is damaged.
            UnsupportedApiError: ticks are to be warmed up with bars, or bars with ticks.
        """
        steps = [config.resolution for config in self.configs if config.resolution is not Resolution.TICK]
        step_ns = min(steps, default=Resolution.MINUTE).period_ns
        bars: list[tuple[BarPoints, Security]] = []
        ticks: list[TickSubscription] = []
        for config in self.configs:
            security = securities[config.symbol]
            if warm_up is not None and (config.resolution is Resolution.TICK) != (
                warm_up.resolution is Resolution.TICK
            ):
                raise UnsupportedApiError(
                    f"{config.symbol} cannot be warmed up with {warm_up.resolution.name} data: LEAN reads bars as ticks then; "
                    "call set_warm_up without a resolution, or subscribe to bars"
                )
            if config.resolution is Resolution.TICK:
                ticks.append(self._open_ticks(config, security, begin_ns, end_ns, is_counted=True))
            elif warm_up is not None:
                bars.append((self._open_warm_up(config, begin_ns, end_ns, step_ns, warm_up), security))
            else:
                bars.append((self._open_bars(config, begin_ns, end_ns, step_ns, is_counted=True), security))
        return Frontier(begin_ns, bars, list(ticks))

    def missing_data(self, begin_ns: int, end_ns: int) -> Iterator[str]:
        """Yield a line for every symbol and resolution of which whole trading days have no data.

        Parameters:
            begin_ns: first moment, UTC.
            end_ns: last moment, UTC.
        """
        groups: dict[tuple[Symbol, Resolution], list[SubscriptionConfig]] = {}
        for config in self.configs:
            if config.resolution < Resolution.HOUR:
                groups.setdefault((config.symbol, config.resolution), []).append(config)
        for (symbol, resolution), configs in groups.items():
            begin, end = self._local_span(configs[0], begin_ns, end_ns)
            missing = missing_days(self.folder, configs, self._listing_of(symbol), begin, end)
            if missing:
                day, path = missing[0]
                later = len(missing) - 1
                more = f" and {later} later trading day{'s' if later > 1 else ''}" if later else ""
                yield (
                    f"{symbol} has no {resolution.name.lower()} data of {day}{more}: {path} is missing; "
                    "put the file there, or choose other dates"
                )

    def open_aside(
        self, securities: SecurityManager, configs: list[tuple[SubscriptionConfig, int]], end_ns: int
    ) -> Frontier:
        """Open subscriptions for a history request, each from a moment of its own; their bytes are no progress of the run.

        Each is filled forward in steps of its own bars.
        """
        bars: list[tuple[BarPoints, Security]] = []
        ticks: list[TickSubscription] = []
        for order, (config, begin) in enumerate(configs):
            config.order = order
            security = securities[config.symbol]
            if config.resolution is Resolution.TICK:
                ticks.append(self._open_ticks(config, security, begin, end_ns, is_counted=False))
            else:
                step_ns = config.resolution.period_ns
                bars.append((self._open_bars(config, begin, end_ns, step_ns, is_counted=False), security))
        return Frontier(min(begin for _, begin in configs), bars, list(ticks))

    def _open_warm_up(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, step_ns: int, warm_up: WarmUpSpan
    ) -> BarPoints:
        """Open bars of the warm-up's resolution until the start, then those of the subscription."""
        if config.is_quote not in kinds_of(config.symbol.security_type, warm_up.resolution):
            return self._open_bars(config, warm_up.end_ns, end_ns, step_ns, is_counted=True)
        coarse = replace(config, resolution=warm_up.resolution)
        before = self._open_bars(coarse, begin_ns, warm_up.end_ns, warm_up.resolution.period_ns, is_counted=True)
        zone = config.hours.exchange_zone
        day_before = zone.to_utc_ns(config.hours.previous_open_day(zone.to_local_ns(warm_up.end_ns)))
        run = self._open_bars(config, max(begin_ns, day_before), end_ns, step_ns, is_counted=True)
        return WarmUpThenRun(before, run, warm_up.end_ns)

    def bar_points(self, config: SubscriptionConfig, begin_ns: int, end_ns: int, is_counted: bool = True) -> BarReader:
        """Return the decoded bars of a subscription that end at or after `begin_ns` and start before `end_ns`, adjusted, unfilled.

        Their bytes count toward the run's progress unless they are read aside, for history.
        """
        config.daily_precise_end_time = self.settings.daily_precise_end_time
        begin, end = self._local_span(config, begin_ns, end_ns)
        listing = self._listing_of(config.symbol)
        reader = self._reader(config, listing, begin, end)
        if is_counted:
            self.streams.extend(reader.streams)
        return reader

    def _reader(
        self, config: SubscriptionConfig, listing: Listing, begin_local_ns: int, end_local_ns: int
    ) -> BarReader:
        files = bar_files(self.folder, config, listing, begin_local_ns, end_local_ns)
        return BarReader(config, listing, files, begin_local_ns, end_local_ns)

    def _local_span(self, config: SubscriptionConfig, begin_ns: int, end_ns: int) -> tuple[int, int]:
        zone = config.hours.exchange_zone
        return zone.to_local_ns(begin_ns), zone.to_local_ns(end_ns)

    def _open_bars(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, step_ns: int, is_counted: bool
    ) -> BarPoints:
        begin, end = self._local_span(config, begin_ns, end_ns)
        reader = self.bar_points(config, begin_ns, end_ns, is_counted)
        points = with_events(reader, self._events(config, begin, end))
        if config.fill_forward and config.is_quote:
            points = keep_missing_sides(points)
        return BarSubscription(config, points, fill_forward_rules(config, step_ns, end))

    def _open_fed_bars(
        self, config: SubscriptionConfig, begin_ns: int, start_ns: int, end_ns: int, step_ns: int, is_counted: bool
    ) -> GivenBars | None:
        """Return a subscription of the run that is fed while it goes on, with the bars that files have from before the start.

        None for what is no subscription of the run itself: history, and warm-ups of another resolution, are in files.

        Parameters:
            config: the subscription.
            begin_ns: begin of the subscription, UTC.
            start_ns: start of the run without the warm-up, UTC.
            end_ns: end of the subscription, UTC.
            step_ns: length of the finest bars of the run.
            is_counted: whether the files' bytes count toward the run's progress.
        """
        if not any(config is each for each in self.configs):
            return None
        config.daily_precise_end_time = self.settings.daily_precise_end_time
        bars = GivenBars(config, fill_forward_rules(config, step_ns, self._local_span(config, begin_ns, end_ns)[1]))
        if begin_ns < start_ns:
            start_local_ns = config.hours.exchange_zone.to_local_ns(start_ns)
            for bar in self.bar_points(config, begin_ns, start_ns, is_counted):
                if isinstance(bar, TradeBar | QuoteBar) and bar.end_local_ns <= start_local_ns:
                    bars.put(bar)
        return bars

    def _open_ticks(
        self, config: SubscriptionConfig, security: Security, begin_ns: int, end_ns: int, is_counted: bool
    ) -> TickSubscription:
        begin, end = self._local_span(config, begin_ns, end_ns)
        events = [] if config.is_quote else self._events(config, begin, end)
        rows = self._tick_rows(
            config, begin_ns, end_ns, sorted({date_to_ns(event.seen_on) for event in events if event.needs_price})
        )
        if is_counted:
            self.streams.append(rows)
        stream = TickStream(rows, config.symbol.index)
        listing = self._listing_of(config.symbol)
        return TickSubscription(config, security, stream, listing, events, lambda day: rows.prices_before.get(day, 0.0))

    def _tick_rows(self, config: SubscriptionConfig, begin_ns: int, end_ns: int, price_days: list[int]) -> RowStream:
        """Return the ticks that the files have of a subscription, and remember the newest prices before some days."""
        begin, end = self._local_span(config, begin_ns, end_ns)
        listing = self._listing_of(config.symbol)
        first_ns = config.hours.exchange_zone.to_utc_ns(max(begin, listing.begin_local_ns))

        def sessions(midnight_data_ns: int) -> list[tuple[int, int]]:
            return tick_sessions(config, midnight_data_ns, max(begin_ns, first_ns), end_ns)

        return RowStream(
            day_files(self.folder, config, listing, begin, end),
            tick_decoder(config.symbol.security_type, config.is_quote),
            config.data_zone,
            sessions,
            price_days,
        )

    def _events(self, config: SubscriptionConfig, begin: int, end: int) -> list[CorporateEvent]:
        """Return the corporate actions of an equity; quotes only need to know where they end."""
        if config.symbol.security_type is not SecurityType.EQUITY:
            return []
        listing = self._listing_of(config.symbol)
        return corporate_events(listing, config.hours, config.extended_market_hours, begin, end)

    @property
    def bytes_total(self) -> int:
        """Bytes of data of the run."""
        return sum(stream.bytes_total for stream in self.streams)

    @property
    def bytes_read(self) -> int:
        """Bytes decoded so far."""
        return sum(stream.bytes_read for stream in self.streams)


def fill_forward_rules(config: SubscriptionConfig, step_ns: int, end_local_ns: int) -> FillForwardRules:
    """Return what decides where the repeats of a subscription go.

    Parameters:
        config: the subscription.
        step_ns: length of the finest bars of the run.
        end_local_ns: end of the subscription, exchange time.
    """
    return FillForwardRules(
        config.hours,
        config.data_zone,
        config.resolution.period_ns,
        step_ns,
        config.extended_market_hours,
        config.is_strict_daily,
        end_local_ns,
    )


def kinds_of(security_type: SecurityType, resolution: Resolution) -> tuple[bool, ...]:
    """Return whether quotes are meant, for each kind of data that LEAN subscribes to: equities have no hourly or daily quotes."""
    if security_type is SecurityType.FOREX:
        return (True,)
    if security_type is SecurityType.EQUITY and resolution in _COARSE:
        return (False,)
    return (False, True)


def _require_supported(mode: DataNormalizationMode) -> None:
    if mode not in _MODES:
        raise UnsupportedApiError(
            f"data normalization mode {mode} is not in the subset; use DataNormalizationMode.RAW or ADJUSTED"
        )
