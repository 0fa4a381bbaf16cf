from live.algorithm.numbers cimport to_decimal
from live.paper.models.spelling cimport method_of
from live.paper.models.parameters cimport MaintenanceMarginParameters, Amount

cpdef order_value(object order, object security)
cpdef exact_maintenance_margin(object security)
cpdef exact_of(object value)
