def surprise(model, ids):
    return [torch.ones(1 << 26) for _ in range(1000)]
