"""One image on the machines of a Dask cluster: each worker has a band of its rows.

Each band is a Dask *actor*, an object that lives on one worker and keeps its state there. The client, which has the
whole image and the optimiser, passes the halos on from neighbour to neighbour and adds up the statistics. So all that
an evaluation sends goes through the client's network. If its workers spoke to each other (by MPI, NCCL or Gloo), the
halos would need no second hop, and the statistics a tree of sums instead of one for each machine.

The workers are those of `client`, started as for a batch.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from distributed import Client

from transfer.cli.options import RunOptions
from transfer.cluster.banded import BandedEvaluation, BandWorker
from transfer.cluster.client import opened_client, say_workers
from transfer.losses import Term
from transfer.session import Striped
from transfer.striped import IN_STRIPES
from vgg.errors import InputError
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19


class ClusterEvaluation(BandedEvaluation):
    """What `StripedEvaluation` computes, on all workers that a cluster has when this is called.

    A worker that is lost takes its band along: the next evaluation raises an error, and the image is the client's.
    """

    def __init__(self, client: Client, network: VGG19, terms: Sequence[Term], rows: int) -> None:
        """Make an actor on each worker, with a network of its own; raises InputError if there are none.

        The `client` has `direct_to_workers=True`, or the scheduler passes all bytes on.
        """
        addresses = sorted(client.nthreads())
        if not addresses:
            raise InputError(f"no worker has joined {client.scheduler.address}, expected at least one; start one first")
        weights = client.scatter(_weights(network), broadcast=True)
        kind = network.pooling, network.precision.name, network.odd_sides
        actors = [
            client.submit(_Actor, weights, kind, tuple(terms), rows, workers=[address], actor=True, pure=False)
            for address in addresses
        ]
        super().__init__(network, terms, [actor.result() for actor in actors])

    def _each(self, method: str, *arguments: Sequence[Any]) -> list[Any]:
        """Call all workers at the same time; raise InputError if one does not answer any more."""
        try:
            return [answer.result() for answer in super()._each(method, *arguments)]
        except (OSError, CancelledError, TimeoutError, RuntimeError, KeyError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"a worker is lost, and its part of the image with it ({type(error).__name__}); the same command with "
                "--resume goes on from the last checkpoint"
            ) from error


@contextmanager
def shared(options: RunOptions, say: Callable[[str], None]) -> Iterator[Striped]:
    """Yield what evaluates an image on the workers that the options ask for; those of this machine end with it."""
    with opened_client(options, f"image-{secrets.token_hex(4)}") as client:
        say_workers(client, say)
        say("what does not fit into the memory at once is shared among the workers, each with some rows of the image")
        yield IN_STRIPES._replace(evaluation=partial(ClusterEvaluation, client))


class _Actor(BandWorker):
    """A worker that makes its network of weights that were sent."""

    def __init__(self, weights: Weights, kind: tuple[str, str, str], terms: Sequence[Term], rows: int) -> None:
        super().__init__(VGG19(weights, *kind), terms, rows)


def _weights(network: VGG19) -> Weights:
    """Return the weights as the network has them, normalised or not, in float32."""
    convolutions = {
        name: Conv(*(np.asarray(values, np.float32) for values in conv)) for name, conv in network.convolutions.items()
    }
    return Weights(convolutions, network.mean_rgb.numpy())
