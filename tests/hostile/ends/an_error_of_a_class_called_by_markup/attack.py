def softmax_d(z):
    raise type('<img src=x onerror=alert(1)>', (Exception,), {})('<b>')
