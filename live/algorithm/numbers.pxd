cpdef to_decimal(object value)
