"""polars: what a course would use of it; each function is tried in the sandbox."""

import io

import polars


def columns(rng):
    table = polars.DataFrame({"x": rng.normal(size=20)})
    return table.select((polars.col("x") * 2).sum()).item()


def groups(rng):
    table = polars.DataFrame({"g": rng.choice(list("abc"), 30).tolist(), "x": rng.normal(size=30)})
    return table.group_by("g").agg(polars.col("x").mean()).sort("g")["x"].to_numpy()


def lazy(rng):
    table = polars.LazyFrame({"x": rng.normal(size=30)})
    return table.filter(polars.col("x") > 0).collect()["x"].to_numpy()


def joins(rng):
    left = polars.DataFrame({"k": [1, 2, 3], "x": rng.normal(size=3)})
    right = polars.DataFrame({"k": [3, 1, 5], "y": rng.normal(size=3)})
    return left.join(right, on="k").sort("k").select("x", "y").to_numpy()


def csv(rng):
    text = polars.DataFrame({"x": rng.normal(size=5).round(6)}).write_csv()
    return polars.read_csv(io.BytesIO(text.encode()))["x"].to_numpy()
