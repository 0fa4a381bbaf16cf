from live.algorithm.numbers cimport to_decimal
