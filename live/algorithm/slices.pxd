cimport cython

cdef class Slice:
    cdef public long long time_ns
    cdef public long long local_ns
    cdef public bint has_data
    cdef public object bars
    cdef public object quote_bars
    cdef public object ticks
    cdef public object splits
    cdef public object dividends
    cdef public object delistings
    cdef public object symbol_changed_events
    cdef object _merged

@cython.locals(slice=Slice)
cpdef Slice make_tick_slice(long long time_ns, long long local_ns, object ticks)
