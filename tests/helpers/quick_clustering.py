"""The clustering of initial kernels from a few patches of few components, because it would take seconds otherwise."""

import pytest

from weights.train import network


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Make it quick until `patch` is undone; the shapes stay as they are."""
    for name, value in {"PATCHES": 400, "COMPONENTS": 6, "ROUNDS": 2}.items():
        patch.setattr(network, name, value)
