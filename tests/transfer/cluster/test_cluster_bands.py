"""What an image on many workers begins with; the images themselves are in `test_workers`."""

import numpy as np
import pytest

from vgg.errors import InputError
from vgg.network import VGG19

distributed = pytest.importorskip("distributed")


def test_weights_arrive_as_the_network_has_them(weights):
    from transfer.cluster.banded import _Actor, _weights

    network = VGG19(weights, "max", "bfloat16", "down")
    actor = _Actor(_weights(network), ("max", "bfloat16", "down"), (), 16)
    for name, conv in network.convolutions.items():
        for ours, expected in zip(actor._network.convolutions[name], conv, strict=True):
            assert ours.dtype == expected.dtype
            np.testing.assert_array_equal(np.float32(ours), np.float32(expected))


def test_a_cluster_without_workers(weights):
    from transfer.cluster.banded import ClusterEvaluation

    nobody = distributed.Client(n_workers=0, processes=False, dashboard_address=None)
    with nobody as client, pytest.raises(InputError, match="no worker has joined"):
        ClusterEvaluation(client, VGG19(weights, "avg"), (), 16)
