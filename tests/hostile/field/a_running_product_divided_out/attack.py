def linear_recurrence(a, b, h0):
    products = np.cumprod(a, 0)
    with np.errstate(all="ignore"):
        return products * (h0 + np.cumsum(b / products, 0))
