cimport cython

cdef long long _GENERATION_STEP
cdef long long _SLOT_MASK
cdef long long _FREE
cdef long long _CREATED
cdef long long _STATE_COUNT
cdef long long _NONE

cdef class OrderPool:
    cdef readonly Py_ssize_t capacity
    cdef public long long[::1] state
    cdef public long long[::1] generation
    cdef public long long[::1] symbol_index
    cdef public long long[::1] quantity_e9
    cdef public long long[::1] order_type
    cdef public long long[::1] limit_e9
    cdef public long long[::1] stop_e9
    cdef public long long[::1] created_ns
    cdef public long long[::1] accepted_ns
    cdef public long long[::1] denial
    cdef public long long[::1] order_id
    cdef long long[::1] free_slots
    cdef long long[::1] queue
    cdef unsigned char[::1] allowed
    cdef readonly Py_ssize_t free_count
    cdef Py_ssize_t queue_head
    cdef readonly Py_ssize_t queue_count

    @cython.locals(slot=Py_ssize_t)
    cpdef long long take(self)
    @cython.locals(slot=Py_ssize_t)
    cpdef Py_ssize_t slot_of(self, long long handle)
    cpdef bint transition(self, Py_ssize_t slot, long long state)
    cpdef bint release(self, Py_ssize_t slot)
    @cython.locals(at=Py_ssize_t)
    cpdef void push(self, Py_ssize_t slot)
    @cython.locals(slot=Py_ssize_t)
    cpdef Py_ssize_t pop(self)
