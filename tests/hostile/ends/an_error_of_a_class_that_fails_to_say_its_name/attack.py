def softmax_d(z):
    class Kind(type):
        @property
        def __name__(cls):
            raise KeyError("no name")
    
    
    class Fails(Exception, metaclass=Kind):
        pass
    
    
    raise Fails()
