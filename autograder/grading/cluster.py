"""Many machines: functions called on the workers of a Dask cluster."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from autograder.errors import UserError, extra

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class NoCluster(UserError):
    """The cluster cannot be used; the text says why and what to do."""


class Cluster:
    """A Dask cluster: `with Cluster("tcp://…:8786") as cluster`.

    Its workers hold the key of a class: they must be machines that you trust.
    Raises `NoCluster` if Dask is not installed, nothing answers, or there is no worker.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise NoCluster(f"--cluster needs Dask: {extra('cluster')}") from None
        try:
            self.client = Client(address, timeout=10)
        except (OSError, ValueError) as error:
            raise NoCluster(
                f"No Dask scheduler answers at {address} ({error}). Start one: dask scheduler"
            ) from None
        if not self.threads():
            raise NoCluster(
                f"The scheduler at {address} has no workers. Start some: dask worker {address}"
            )

    def threads(self) -> int:
        """Count the threads of all workers together."""
        by_worker = self.client.nthreads()
        return sum(by_worker.values())

    def must_agree(self, function: Callable[..., str], *arguments: object) -> None:
        """Raise `NoCluster` unless `function` returns the same on every worker as here."""
        here = function(*arguments)
        by_worker = self.client.run(function, *arguments)
        different = [name for name, there in by_worker.items() if there != here]
        if different:
            raise NoCluster(
                "Another version of the course, the autograder or a package is on "
                f"{', '.join(different)}. Install there what is installed here."
            )

    def sharing(self, function: Callable[Concatenate[S, P], R], shared: S) -> Callable[P, R]:
        """Return `function(shared, …)` as a call that some worker answers.

        `shared` is sent to each worker once. A call whose worker dies is repeated elsewhere, up to
        Dask's `allowed-failures`.
        """
        held = self.client.scatter(shared, broadcast=True, hash=False)

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            future = self.client.submit(function, held, *args, pure=False, retries=2, **kwargs)
            answer: R = future.result()
            return answer

        return call

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
