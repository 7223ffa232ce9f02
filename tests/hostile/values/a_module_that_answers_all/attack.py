class Anything(torch.nn.Module):
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *_, **__: self


dot_product = Anything()
