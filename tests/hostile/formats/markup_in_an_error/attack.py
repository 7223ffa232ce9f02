def softmax_d(z):
    raise ValueError('<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>')
