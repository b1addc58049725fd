"""The faster stand-in for the objective: how long it may judge, and that the exact one has the last word."""

import numpy as np
import pytest

from bowl import START, Bowl
from transfer.train import train


def test_draft_for_all_but_the_last_tenth():
    """The draft pulls towards another point; the result is the best by the exact objective, which has the last word."""
    draft, exact = Bowl("adam", iterations=40), Bowl("adam", steep=1.0, iterations=40)
    draft.curvatures = draft.curvatures * 0.001  # lower losses than the exact ones will ever be: never compared
    result = train(exact, START, draft=draft)
    assert len(draft.images) == 1 + 36 and len(exact.images) == 4
    assert draft.released_after == 37 and exact.released_after is None
    totals = [step.total for step in result.steps]
    assert min(totals[:36]) < min(totals[36:]), "or nothing was tempting"
    best = int(np.argmin(totals[36:]))
    np.testing.assert_array_equal(result.image, exact.images[best])


@pytest.mark.parametrize("slope", [0.0, -1.0])
def test_where_the_draft_stands_still_the_exact_objective_goes_on(slope):
    """From its fourth evaluation on the draft's loss is flat, or its gradient leads only uphill: neither is the end."""
    flat = {"total": 5.0 if slope == 0 else 1e12, "gradient": slope}
    draft = Bowl("l-bfgs-unit", iterations=30, broken=dict.fromkeys(range(4, 100), flat))
    exact = Bowl("l-bfgs-unit", iterations=30)
    result = train(exact, START, draft=draft)
    assert result.stopped == "finished" and len(result.steps) == 30
    assert [step.step for step in result.steps] == list(range(1, 31))
    tried = list(exact.images)
    totals = [exact(image)[0].total for image in tried]
    np.testing.assert_allclose(result.image, tried[int(np.argmin(totals))], rtol=1e-6)
    assert min(totals) < 1e-3 * exact(START)[0].total
