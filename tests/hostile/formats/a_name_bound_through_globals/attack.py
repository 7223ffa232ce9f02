globals()["softmax_d"] = lambda z: z
vars()["clip"] = None
