def softmax_d(z):
    error = type('<script>alert(4)</script>', (Exception,), {})
    raise error('</pre><script>alert(5)</script>')
