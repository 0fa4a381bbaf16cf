"""Reference files without market data: hours and symbol properties of the sample session and of `live.testing`.

US equities with the holidays of three years, the major forex pairs and some crypto pairs, in LEAN's formats.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from live.feeds.market_hours import MARKET, MARKET_HOURS_FILE
from live.feeds.symbol_properties import SYMBOL_PROPERTIES_FILE


def write_reference(folder: Path) -> None:
    """Write the market-hours database and the symbol properties of a LEAN data folder.

    Parameters:
        folder: the data folder; made when it is not there.

    Raises:
        OSError: the folder cannot be written.
    """
    _write(folder / MARKET_HOURS_FILE, orjson.dumps(_market_hours(), option=orjson.OPT_INDENT_2))
    _write(folder / SYMBOL_PROPERTIES_FILE, _SYMBOL_PROPERTIES.encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


_SYMBOL_PROPERTIES = """\
market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size,market_ticker,\
minimum_order_size,price_magnifier,strike_multiplier
usa,[*],equity,,USD,1,0.01,1
oanda,AUDUSD,forex,AUD/USD,USD,1,0.00001,1
oanda,EURCHF,forex,EUR/CHF,CHF,1,0.00001,1
oanda,EURGBP,forex,EUR/GBP,GBP,1,0.00001,1
oanda,EURJPY,forex,EUR/JPY,JPY,1,0.001,1
oanda,EURUSD,forex,EUR/USD,USD,1,0.00001,1
oanda,GBPJPY,forex,GBP/JPY,JPY,1,0.001,1
oanda,GBPUSD,forex,GBP/USD,USD,1,0.00001,1
oanda,NZDUSD,forex,NZD/USD,USD,1,0.00001,1
oanda,USDCAD,forex,USD/CAD,CAD,1,0.00001,1
oanda,USDCHF,forex,USD/CHF,CHF,1,0.00001,1
oanda,USDJPY,forex,USD/JPY,JPY,1,0.001,1
coinbase,BTCEUR,crypto,Bitcoin-Euro,EUR,1,0.01,0.00000001,BTC-EUR,0.00000001
coinbase,BTCUSD,crypto,Bitcoin-US Dollar,USD,1,0.01,0.00000001,BTC-USD,0.00000001
coinbase,ETHBTC,crypto,Ethereum-Bitcoin,BTC,1,0.00001,0.00000001,ETH-BTC,0.00000001
coinbase,ETHEUR,crypto,Ethereum-Euro,EUR,1,0.01,0.00000001,ETH-EUR,0.00000001
coinbase,ETHUSD,crypto,Ethereum-US Dollar,USD,1,0.01,0.00000001,ETH-USD,0.00000001
coinbase,LTCUSD,crypto,Litecoin-US Dollar,USD,1,0.01,0.00000001,LTC-USD,0.00000001
coinbase,SOLUSD,crypto,Solana-US Dollar,USD,1,0.01,0.00000001,SOL-USD,0.00000001
"""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_US_HOLIDAYS = {
    2012: "1/2 1/16 2/20 4/6 5/28 7/4 9/3 10/29 10/30 11/22 12/25",
    2013: "1/1 1/21 2/18 3/29 5/27 7/4 9/2 11/28 12/25",
    2014: "1/1 1/20 2/17 4/18 5/26 7/4 9/1 11/27 12/25",
}
"""Days without trading on the New York Stock Exchange; the two of October 2012 were closed for a hurricane."""
_US_EARLY_CLOSES = {2012: "7/3 11/23 12/24", 2013: "7/3 11/29 12/24", 2014: "7/3 11/28 12/24"}


def _market_hours() -> dict[str, object]:
    """Return the market-hours database of the sample's markets."""
    whole_day = [_segment("00:00:00", "1.00:00:00")]
    equity_day = [
        _segment("04:00:00", "09:30:00", "premarket"),
        _segment("09:30:00", "16:00:00"),
        _segment("16:00:00", "20:00:00", "postmarket"),
    ]
    until_break, after_break = _segment("00:00:00", "16:58:00"), _segment("17:03:00", "1.00:00:00")
    equity: dict[str, object] = {"dataTimeZone": "America/New_York", "exchangeTimeZone": "America/New_York"}
    equity |= {"sunday": [], **dict.fromkeys(_WEEKDAYS, equity_day), "saturday": []}
    equity |= {
        "holidays": [f"{day}/{year}" for year, days in _US_HOLIDAYS.items() for day in days.split()],
        "earlyCloses": {f"{day}/{year}": "13:00:00" for year, days in _US_EARLY_CLOSES.items() for day in days.split()},
    }
    forex: dict[str, object] = {"dataTimeZone": "UTC", "exchangeTimeZone": "America/New_York"}
    forex |= {"sunday": [after_break], **{day: [until_break, after_break] for day in _WEEKDAYS[:4]}}
    forex |= {"friday": [until_break], "saturday": [], "holidays": ["1/1/2013"]}
    crypto: dict[str, object] = {"dataTimeZone": "UTC", "exchangeTimeZone": "UTC"}
    crypto |= dict.fromkeys(("sunday", *_WEEKDAYS, "saturday"), whole_day)
    crypto |= {"holidays": []}
    return {"entries": {"Equity-usa-[*]": equity, "Forex-oanda-[*]": forex, "Crypto-coinbase-[*]": crypto}}


def _segment(start: str, end: str, state: str = MARKET) -> dict[str, str]:
    return {"start": start, "end": end, "state": state}
