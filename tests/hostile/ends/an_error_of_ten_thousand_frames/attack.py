def softmax_d(z):
    import sys
    
    sys.setrecursionlimit(100_000)
    
    
    def deeper(left):
        if not left:
            raise ValueError("deep")
        deeper(left - 1)
    
    
    deeper(10_000)
