"""pandas: what a course would use of it; each function is tried in the sandbox."""

import io
import tempfile

import pandas as pd


def groups(rng):
    visits = pd.DataFrame({"clinic": rng.choice(list("abc"), 30), "days": rng.gamma(3, 2, 30)})
    return visits.groupby("clinic")["days"].agg(["count", "mean", "std"]).to_numpy()


def joins(rng):
    left = pd.DataFrame({"key": list("abcd"), "x": rng.normal(size=4)})
    right = pd.DataFrame({"key": list("bdaf"), "y": rng.normal(size=4)})
    return left.merge(right, on="key").sort_values("key")[["x", "y"]].to_numpy()


def pivots(rng):
    rows = pd.DataFrame({"a": list("xyxy"), "b": list("mmnn"), "v": rng.normal(size=4)})
    return rows.pivot_table(index="a", columns="b", values="v").to_numpy()


def windows(rng):
    return pd.Series(rng.normal(size=20)).rolling(5).mean().dropna().to_numpy()


def dates(rng):
    days = pd.Series(rng.normal(size=60), index=pd.date_range("2024-01-01", periods=60))
    return days.resample("MS").mean().to_numpy()


def csv_in_memory(rng):
    text = pd.DataFrame({"x": rng.normal(size=5).round(6)}).to_csv(index=False)
    return pd.read_csv(io.StringIO(text))["x"].to_numpy()


def expressions(rng):
    return pd.DataFrame({"x": rng.normal(size=50)}).query("x > 0")["x"].to_numpy()


def csv_on_disk(rng):
    with tempfile.TemporaryDirectory() as folder:
        pd.DataFrame({"x": rng.normal(size=5).round(6)}).to_csv(f"{folder}/a.csv", index=False)
        return pd.read_csv(f"{folder}/a.csv")["x"].to_numpy()
