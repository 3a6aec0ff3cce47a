"""The numbers of learners, data and scores are those of this version of the numerics."""

import pytest
from golden import agree, names, numbers, stored

from metascore.version import NUMERICS_VERSION

CURE = (
    "numbers moved: mend it; or raise NUMERICS_VERSION in src/metascore/version.py, which makes all runs stale, and "
    "write the new numbers by `python tests/golden/golden.py`"
)
SLOW = {f"{name} on navigation" for name in ("transfer", "maml", "mamlpp", "metasgd", "anil", "reptile")}


def test_the_numbers_are_of_this_version():
    assert stored()["version"] == NUMERICS_VERSION, "run `python tests/golden/golden.py`"
    assert list(stored()) == ["version", *names()]


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.slow] * (one in SLOW)) for one in names()])
def test_numbers_stay(name):
    found, expected = numbers(name), stored()[name]
    moved = {key: (found[key], expected[key]) for key in expected if not agree(found[key], expected[key])}
    assert not moved, CURE
