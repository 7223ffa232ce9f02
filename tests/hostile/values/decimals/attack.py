def softmax_d(z):
    from decimal import Decimal
    
    return [[Decimal('NaN')] * len(z) for _ in z]
