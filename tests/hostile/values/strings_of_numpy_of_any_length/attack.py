def softmax_d(z):
    return np.array([['1.0'] * len(z)] * len(z), dtype=np.dtypes.StringDType())
