"""statsmodels: what a course would use of it; each function is tried in the sandbox."""

import numpy as np
import pandas as pd
import statsmodels.api
import statsmodels.formula.api
import statsmodels.tsa.api


def least_squares(rng):
    x = statsmodels.api.add_constant(rng.normal(size=(50, 2)))
    fitted = statsmodels.api.OLS(x @ [1.0, 2, 3] + rng.normal(size=50), x).fit()
    return [*fitted.params, *fitted.pvalues, fitted.rsquared]


def robust_errors(rng):
    x = statsmodels.api.add_constant(rng.normal(size=(50, 2)))
    fitted = statsmodels.api.OLS(x @ [1.0, 2, 3] + rng.normal(size=50), x).fit(cov_type="HC1")
    return fitted.bse


def formulas(rng):
    table = pd.DataFrame({"x": rng.normal(size=50), "g": rng.choice(list("ab"), 50)})
    table["y"] = 2 * table["x"] + rng.normal(size=50)
    return statsmodels.formula.api.ols("y ~ x + C(g)", table).fit().params.to_numpy()


def logit(rng):
    x = statsmodels.api.add_constant(rng.normal(size=(80, 1)))
    y = (x[:, 1] + rng.normal(size=80) > 0).astype(int)
    return statsmodels.api.Logit(y, x).fit(disp=0).params


def time_series(rng):
    y = np.cumsum(rng.normal(size=80))
    return statsmodels.tsa.api.ARIMA(y, order=(1, 1, 0)).fit().params


def summaries(rng):
    x = rng.normal(size=(30, 1))
    fitted = statsmodels.api.OLS(x[:, 0] + rng.normal(size=30), x).fit()
    return "R-squared" in str(fitted.summary())
