cimport cython

cdef long long _STATE
cdef long long _SYMBOL
cdef long long _QUANTITY
cdef long long _TYPE
cdef long long _LIMIT
cdef long long _STOP
cdef long long _CREATED_NS
cdef long long _DECIDED_NS
cdef long long _ACCEPTED_NS
cdef long long _FILLED
cdef long long _TAG
cdef long long _DENIAL
cdef long long _GENERATION
cdef long long _QUEUED
cdef long long _FIELDS
cdef long long _WIDTH
cdef long long _GENERATION_MAX
cdef long long _SLOT_BITS
cdef long long _SLOT_MASK
cdef long long _STATES
cdef long long _FREE
cdef long long _CREATED
cdef long long _PARTIALLY_FILLED
cdef long long _FILLED_STATE
cdef long long _DENIED

cdef class OrderPool:
    cdef readonly Py_ssize_t capacity
    cdef readonly Py_ssize_t used
    cdef readonly Py_ssize_t pending
    cdef Py_ssize_t _pending_head
    cdef long long[::1] _words
    cdef long long[::1] _free
    cdef long long[::1] _queue
    cdef long long[::1] _legal
    cdef long long[::1] _final

    @cython.locals(slot=cython.longlong, base=Py_ssize_t, field=Py_ssize_t)
    cpdef long long take(self, long long symbol_index, long long quantity_e9, long long order_type, long long limit_e9,
                         long long stop_e9, long long created_ns, long long tag) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint release(self, long long handle) noexcept
    cpdef bint is_live(self, long long handle) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint is_final(self, long long handle) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint transition(self, long long handle, long long state) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint deny(self, long long handle, long long code) noexcept
    @cython.locals(base=Py_ssize_t, total_e9=cython.longlong, filled_e9=cython.longlong, state=cython.longlong)
    cpdef bint fill(self, long long handle, long long quantity_e9) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint change(self, long long handle, long long quantity_e9, long long limit_e9, long long stop_e9) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint stamp_decided(self, long long handle, long long time_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef bint stamp_accepted(self, long long handle, long long time_ns) noexcept
    @cython.locals(base=Py_ssize_t)
    cpdef long long get(self, long long handle, long long field) noexcept
    @cython.locals(base=Py_ssize_t, at=Py_ssize_t)
    cpdef bint enqueue(self, long long handle) noexcept
    @cython.locals(handle=cython.longlong, base=Py_ssize_t)
    cpdef long long next_pending(self) noexcept
    @cython.locals(slot=cython.longlong)
    cdef Py_ssize_t _base(self, long long handle) noexcept
    cdef bint _may(self, long long old, long long new) noexcept
