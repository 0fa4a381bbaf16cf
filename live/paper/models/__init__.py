"""The rules of trading: fills, fees, slippage, buying power, settlement, brokerages. Each can be replaced by the user's own."""
