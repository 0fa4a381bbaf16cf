def shares_for(algorithm, symbol, side):
    """A tenth of the account."""
    return side * int(algorithm.portfolio.total_portfolio_value * 0.1 / algorithm.securities[symbol].price)
