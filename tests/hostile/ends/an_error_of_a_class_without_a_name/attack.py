def softmax_d(z):
    class Nameless(Exception):
        pass
    
    
    Nameless.__name__ = Nameless.__qualname__ = ''
    raise Nameless()
