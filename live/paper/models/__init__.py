"""The rules of trading: fills, fees, slippage, buying power, settlement, margin calls, brokerages.

Each can be replaced by the user's own.
"""
