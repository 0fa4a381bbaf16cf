cdef class SecurityIdentifier:
    cdef public str _text
    cdef public object security_type
    cdef public str market
    cdef public str symbol

cdef class Symbol:
    cdef public str value
    cdef public SecurityIdentifier id
    cdef public object index
    cdef str _name
    cdef Py_hash_t _hash
