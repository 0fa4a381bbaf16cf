"""Adding securities: which data an algorithm subscribes to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.algorithm.naming import PascalCaseFields
from live.algorithm.numbers import Number
from live.algorithm.overloads import Parameter, anything, flag, number, overloaded, resolution, text
from live.algorithm.symbols import Symbol

if TYPE_CHECKING:
    from live.algorithm.host import Host

_TYPE = Parameter("security_type", lambda value: isinstance(value, SecurityType))
_TICKER = Parameter("ticker", text)
_RESOLUTION = Parameter("resolution", resolution, None)
_FILL_FORWARD = Parameter("fill_forward", flag, None)
_EXTENDED = Parameter("extended_market_hours", flag, None)
_MODES = (Parameter("data_mapping_mode", anything, None), Parameter("data_normalization_mode", anything, None))
_ADD_SECURITY = (
    (_TYPE, _TICKER, _RESOLUTION, _FILL_FORWARD, _EXTENDED, *_MODES),
    (_TYPE, _TICKER, _RESOLUTION, _FILL_FORWARD, Parameter("leverage", number), _EXTENDED, *_MODES),
    (
        _TYPE,
        _TICKER,
        _RESOLUTION,
        Parameter("market", text, None),
        _FILL_FORWARD,
        Parameter("leverage", number, 0),
        _EXTENDED,
        *_MODES,
    ),
    (
        Parameter("symbol", lambda value: isinstance(value, Symbol)),
        _RESOLUTION,
        _FILL_FORWARD,
        Parameter("leverage", number, 0),
        _EXTENDED,
        *_MODES,
        Parameter("contract_depth_offset", number, 0),
    ),
)


class UniverseSettings(PascalCaseFields):
    """Defaults of the securities that are added.

    As in LEAN, `resolution` counts wherever none is named, `data_normalization_mode` for add_equity, `fill_forward` and
    `extended_market_hours` for add_security; the rest only for securities of universes, which the subset does not have.
    """

    def __init__(self) -> None:
        self.resolution = Resolution.MINUTE
        self.leverage: Number = 0
        self.fill_forward = True
        self.extended_market_hours = False
        self.data_normalization_mode = DataNormalizationMode.ADJUSTED
        self.asynchronous = False
        self.minimum_time_in_universe = timedelta(days=1)


class AddingMethods:
    """Methods that add securities; mixed into QCAlgorithm."""

    _host: Host
    universe_settings: UniverseSettings

    if TYPE_CHECKING:

        def _only_in_initialize(self, member: str) -> None: ...

        def _symbol(self, value: Any) -> Symbol: ...

    def add_equity(
        self,
        ticker: str,
        resolution: Resolution | None = None,
        market: str | None = None,
        fill_forward: bool = True,
        leverage: Number = 0,
        extended_market_hours: bool = False,
        data_normalization_mode: DataNormalizationMode | None = None,
    ) -> Any:
        """Subscribe to a US equity: trades and quotes, or trade bars only for hours and days.

        Parameters:
            ticker: the ticker at the end of the data, as LEAN has it.
            resolution: of the data; that of universe_settings when None.
            market: market in the data folder.
            fill_forward: repeat the last bar through periods without data.
            leverage: largest leverage; the brokerage model's when 0.
            extended_market_hours: also data before the open and after the close.
            data_normalization_mode: RAW or ADJUSTED prices; that of universe_settings when None.
        """
        mode = data_normalization_mode
        return self._add(
            SecurityType.EQUITY,
            ticker,
            resolution,
            market,
            fill_forward,
            leverage,
            extended_market_hours,
            self.universe_settings.data_normalization_mode if mode is None else mode,
        )

    def add_forex(
        self,
        ticker: str,
        resolution: Resolution | None = None,
        market: str | None = None,
        fill_forward: bool = True,
        leverage: Number = 0,
    ) -> Any:
        """Subscribe to the quotes of a currency pair; parameters as for add_equity."""
        return self._add(SecurityType.FOREX, ticker, resolution, market, fill_forward, leverage)

    def add_crypto(
        self,
        ticker: str,
        resolution: Resolution | None = None,
        market: str | None = None,
        fill_forward: bool = True,
        leverage: Number = 0,
    ) -> Any:
        """Subscribe to the trades and quotes of a crypto pair; parameters as for add_equity."""
        return self._add(SecurityType.CRYPTO, ticker, resolution, market, fill_forward, leverage)

    @overloaded(*_ADD_SECURITY)
    def add_security(
        self,
        resolution: Resolution | None,
        fill_forward: bool | None,
        extended_market_hours: bool | None,
        data_mapping_mode: Any,
        data_normalization_mode: DataNormalizationMode | None,
        security_type: SecurityType | None = None,
        ticker: str | None = None,
        symbol: Symbol | None = None,
        market: str | None = None,
        leverage: Number = 0,
        contract_depth_offset: int = 0,
    ) -> Any:
        """Subscribe to a security of any class of the subset.

        Forms: `add_security(security_type, ticker, resolution, ...)` and `add_security(symbol, resolution, ...)`;
        further parameters as for add_equity, after them data_mapping_mode and contract_depth_offset, which are for
        futures and change nothing here.
        """
        if symbol is not None:
            security_type, ticker, market = symbol.security_type, symbol.value, symbol.id.market
        assert security_type is not None
        assert ticker is not None
        defaults = self.universe_settings
        return self._add(
            security_type,
            ticker,
            resolution,
            market,
            defaults.fill_forward if fill_forward is None else fill_forward,
            leverage,
            defaults.extended_market_hours if extended_market_hours is None else extended_market_hours,
            data_normalization_mode,
        )

    def symbol(self, ticker: str) -> Symbol:
        """Return the symbol of a ticker that was added.

        Raises:
            UsageError: it was not added.
        """
        return self._symbol(ticker)

    def _add(
        self,
        security_type: SecurityType,
        ticker: str,
        resolution: Resolution | None,
        market: str | None,
        fill_forward: bool,
        leverage: Number,
        extended_market_hours: bool = False,
        normalization: DataNormalizationMode | None = None,
    ) -> Any:
        self._only_in_initialize(f"add_{security_type.name.lower()}")
        return self._host.add_security(
            security_type,
            ticker,
            self.universe_settings.resolution if resolution is None else resolution,
            market,
            fill_forward,
            leverage,
            extended_market_hours,
            DataNormalizationMode.ADJUSTED if normalization is None else normalization,
        )
