from live.algorithm.numbers cimport to_decimal

cdef class Translated:
    pass

cdef class OrderFeeParameters(Translated):
    cdef public object order
    cdef public object security

cdef class FillModelParameters(Translated):
    cdef public object order
    cdef public object security
    cdef public object stale_price_ns
    cdef public object stale_price_time_span

cdef class Fill(Translated):
    cdef public object order_events

cdef class InitialMarginParameters(Translated):
    cdef public object exact_quantity
    cdef public object security

cdef class InitialMarginRequiredForOrderParameters(Translated):
    cdef public object currency_converter
    cdef public object order
    cdef public object security

cdef class MaintenanceMarginParameters(Translated):
    cdef public object exact_holdings_cost
    cdef public object exact_holdings_value
    cdef public object exact_quantity
    cdef public object security

cdef class Amount(Translated):
    cdef public object exact_value

cdef class InitialMargin(Amount):
    pass

cdef class MaintenanceMargin(Amount):
    pass

cdef class BuyingPower(Amount):
    pass

cdef class ReservedBuyingPowerForPosition(Amount):
    pass

cdef class ReservedBuyingPowerForPositionParameters(Translated):
    cdef public object security

cdef class BuyingPowerParameters(Translated):
    cdef public object direction
    cdef public object portfolio
    cdef public object security

cdef class HasSufficientBuyingPowerForOrderResult(Translated):
    cdef public object is_sufficient
    cdef public object reason

cdef class HasSufficientBuyingPowerForOrderParameters(Translated):
    cdef public object order
    cdef public object portfolio
    cdef public object security

cdef class GetMaximumOrderQuantityResult(Translated):
    cdef public object exact_quantity
    cdef public object is_error
    cdef public object reason

cdef class _MaximumQuantityParameters(Translated):
    cdef public object exact_minimum_order_margin_portfolio_percentage
    cdef public object portfolio
    cdef public object security
    cdef public object silence_non_error_reasons

cdef class GetMaximumOrderQuantityForTargetBuyingPowerParameters(_MaximumQuantityParameters):
    cdef public object exact_target_buying_power

cdef class GetMaximumOrderQuantityForDeltaBuyingPowerParameters(_MaximumQuantityParameters):
    cdef public object exact_delta_buying_power

cdef class ApplyFundsSettlementModelParameters(Translated):
    cdef public object cash_amount
    cdef public object fill
    cdef public object portfolio
    cdef public object security
    cdef public object time_ns

cdef class ScanSettlementModelParameters(Translated):
    cdef public object portfolio
    cdef public object security
    cdef public object time_ns
