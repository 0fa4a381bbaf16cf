cpdef method_of(object model, str name)
