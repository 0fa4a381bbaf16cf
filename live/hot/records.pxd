cimport cython

cdef long long _END_NS

cdef class RecordBuffer:
    cdef readonly object block
    cdef public long long[::1] words
    cdef public double[::1] reals
    cdef public Py_ssize_t width
    cdef public Py_ssize_t capacity
    cdef public Py_ssize_t count
    cpdef drop(self, Py_ssize_t count)

cdef class RecordSource:
    cdef public RecordBuffer buffer
    cdef public Py_ssize_t symbol_index
    cdef public Py_ssize_t position
    cdef public long long time_ns
    cdef public bint is_exhausted
    cpdef refill(self)
    @cython.locals(time_ns=cython.longlong, at=Py_ssize_t, count=Py_ssize_t, width=Py_ssize_t, words="long long[::1]")
    cpdef Py_ssize_t group_end(self)
    cpdef advance_to(self, Py_ssize_t position)
    cpdef _load(self)
    cpdef _make_room(self)
