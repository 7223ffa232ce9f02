def softmax_d(z):
    import torch

    return torch.autograd.functional.jacobian(lambda t: t.softmax(-1), torch.tensor(z))
