"""Random kernels instead of clustered ones to begin training with: to cluster them would take most of a test's time."""

import numpy as np
import pytest

from weights.train import network


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Make it quick until `patch` is undone; shapes and norms stay as they are."""
    patch.setattr(network, "initial_kernels", _random_kernels)


def _random_kernels(pictures: list[np.ndarray], filters: dict[str, int], seed: int) -> dict[str, np.ndarray]:
    rng, kernels, channels_in = np.random.default_rng(seed), {}, 3
    for name, count in filters.items():
        kernel = rng.normal(size=(3, 3, channels_in, count)).astype(np.float32)
        kernels[name] = kernel * np.float32(2**0.5 / np.linalg.norm(kernel, axis=(0, 1, 2)))
        channels_in = count
    return kernels
