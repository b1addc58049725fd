"""Bands on the workers of a Dask cluster, here two threads of this process that pickle nothing away."""

import numpy as np
import pytest

from every_term import EVERYTHING
from objectives import assert_same, objective_for, patches
from transfer.objective.objective import Objective
from transfer.objective.references import References
from transfer.objective.terms import terms_of
from vgg.errors import InputError
from vgg.network import VGG19

distributed = pytest.importorskip("distributed")


def client_of(workers: int):
    return distributed.Client(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None, direct_to_workers=True
    )


def test_on_two_workers_as_whole(weights):
    from transfer.cluster.bands import ClusterEvaluation

    content, style, generated = patches(97, 61)
    network = VGG19(weights, "avg")
    terms = terms_of(EVERYTHING, network, 97, 61)
    with client_of(2) as client:
        evaluation = ClusterEvaluation(client, network, terms, 16)
        assert len(evaluation.workers) == 2
        banded = Objective(evaluation, References(content, (style,)))(generated)
    assert_same(banded, objective_for(weights, EVERYTHING, content, style)(generated))


def test_weights_arrive_as_the_network_has_them(weights):
    from transfer.cluster.bands import _Actor, _weights

    network = VGG19(weights, "max", "bfloat16", "down")
    actor = _Actor(_weights(network), ("max", "bfloat16", "down"), (), 16)
    for name, conv in network.convolutions.items():
        for ours, expected in zip(actor._network.convolutions[name], conv, strict=True):
            assert ours.dtype == expected.dtype
            np.testing.assert_array_equal(np.float32(ours), np.float32(expected))


def test_a_cluster_without_workers(weights):
    from transfer.cluster.bands import ClusterEvaluation

    with client_of(0) as client, pytest.raises(InputError, match="no worker has joined"):
        ClusterEvaluation(client, VGG19(weights, "avg"), (), 16)
