"""`make adopt` says in one line why a command failed, however much that said, and does not wait between files."""

import sys
from pathlib import Path

import pytest
from snakemake.executors import touch

from metascore.orchestration import touching

PULL = """WARNING: Some of the cache files do not exist neither locally nor on remote. Missing cache files:
md5: 652c2c0a0406d3fc610fd68483d20647
ERROR: failed to pull data from the cloud - Checkout failed for following targets:
data/episodes
Is your cache up to date?
"""


@pytest.mark.parametrize(
    "said, reason",
    [
        (PULL, "failed to pull data from the cloud - Checkout failed for following targets"),
        ("params: params.yaml, line 3:\n  wrong\n", "params: params.yaml, line 3: wrong"),
    ],
)
def test_the_reason_is_one_line(monkeypatch, said, reason):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "workflow"))
    monkeypatch.delitem(sys.modules, "adopt", raising=False)
    import adopt

    assert adopt.reason(said) == reason


def test_snakemake_makes_no_pauses_where_it_touches(monkeypatch):
    """Its attribute has this name; the pause was once most of what adopting took."""
    monkeypatch.setattr(touch.Executor, "SLEEPING_TIME", touch.Executor.SLEEPING_TIME)
    assert touch.Executor.SLEEPING_TIME > 0
    touching.without_pauses()
    assert touch.Executor.SLEEPING_TIME == 0
