"""Learners on a problem whose support set is what the policy does: each update sees the policy as it then is."""

import numpy as np
import pytest
from cases import Case, initial, one

from metascore.problems import navigation
from metascore.problems.navigation import roll_out


@pytest.mark.parametrize("entry", ["maml", "scratch", "transfer", "mamlpp", "anil", "reptile"])
def test_support_comes_from_the_policy_as_it_then_is(entry, make_episodes, monkeypatch):
    """The trajectories of update k are those of the policy after k updates, with noise of its own."""
    support = one(make_episodes("navigation")).support
    learner = Case(entry, "navigation").learner()
    seen = []

    def watched(policy, starts, goals, keys, step):
        seen.append((step, policy(starts).detach().tolist()))
        return roll_out(policy, starts, goals, keys, step)

    monkeypatch.setattr(navigation, "roll_out", watched)
    states = list(learner.adapt(initial(learner), support, 2))
    assert [step for step, _ in seen] == [0, 1]
    for state, (_, outputs) in zip(states, seen, strict=False):
        np.testing.assert_allclose(outputs, learner.predict(state, support.x).tolist(), rtol=1e-4)
    assert not np.allclose(seen[0][1], seen[1][1], rtol=1e-3)
