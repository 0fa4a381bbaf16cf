cimport cython

cdef long long _END_NS

cdef class RecordBuffer:
    cdef readonly object block
    cdef readonly long long[::1] words
    cdef readonly double[::1] reals
    cdef readonly Py_ssize_t width
    cdef readonly Py_ssize_t capacity
    cdef public Py_ssize_t count
    @cython.locals(width=Py_ssize_t, kept=Py_ssize_t)
    cpdef drop(self, Py_ssize_t count)
    cpdef long long first_ns(self) noexcept
    cdef Py_ssize_t _place(self, Py_ssize_t record, Py_ssize_t field) except -1

cdef class RecordSource:
    cdef readonly RecordBuffer buffer
    cdef readonly Py_ssize_t symbol_index
    cdef readonly Py_ssize_t position
    cdef readonly long long time_ns
    cdef public bint is_exhausted
    cdef public bint ends_in_failure
    cpdef refill(self)
    @cython.locals(at=Py_ssize_t, count=Py_ssize_t, width=Py_ssize_t)
    cdef Py_ssize_t _group_end(self) except -1
    cdef void _advance_to(self, Py_ssize_t position) except *
    cdef void _load(self) except *
    cdef void _make_room(self) except *
