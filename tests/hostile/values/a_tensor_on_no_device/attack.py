def dot_product(a, b):
    return torch.zeros(len(a), device="meta")
