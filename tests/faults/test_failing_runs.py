"""A run that runs out of memory, or diverges, fails in one clear line; the others finish, the rest can be resumed."""

import pytest
from temporary_project import Project
from tiny_workflow import bits

FAULTS = {
    "memory": ("learners.maml.width", 200_000, "out of memory"),
    "divergence": ("learners.maml.inner_lr", 1e38, "meta-training diverged at iteration"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_others_finish_and_the_rest_can_be_resumed(fresh: Project, undisturbed: Project, name: str):
    key, value, line = FAULTS[name]
    before = (fresh.path / "params.yaml").read_text()
    fresh.set_parameter(key, value)
    said = fresh.call("snakemake", "--cores", "2", status=1)
    lines = [text for text in said.splitlines() if line in text]
    assert lines and "params.yaml" in lines[0]
    assert "failed: Meta-training omniglot_5w1s/maml: see logs/" in said and "Traceback" not in said
    for learner in ("chance", "protonet"):
        assert (fresh.path / f"results/smoke/scores/omniglot_5w1s/{learner}/0.npy").exists()
    assert not (fresh.path / "results/smoke/metrics.json").exists()
    assert "Missing: maml on omniglot_5w1s." in (fresh.path / "results/smoke/partial/tables/scores.md").read_text()
    (fresh.path / "params.yaml").write_text(before)
    assert fresh.ran("snakemake", "--cores", "2") == {
        "Meta-training omniglot_5w1s/maml",
        "Fine-tuning omniglot_5w1s/maml",
        "Scores to metrics, tables, figures and report",
    }
    assert bits(fresh.path) == bits(undisturbed.path)
