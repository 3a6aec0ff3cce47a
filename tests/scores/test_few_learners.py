"""Any learners and tasks, however few, give every table, figure and the page."""

import shutil
import tempfile
from pathlib import Path

import fake_results
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metascore.errors import UsageError, UserError
from metascore.orchestration.jobs import Jobs
from metascore.stages import aggregate

SUBSETS = {
    "learners": st.lists(st.sampled_from(list(fake_results.FAMILIES)), min_size=1, unique=True),
    "tasks": st.lists(st.sampled_from(list(fake_results.TASKS)), min_size=1, unique=True),
    "seeds": st.sampled_from([(0,), (0, 1)]),
    "episodes": st.sampled_from([1, 2, 40]),
}


def aggregated(learners, tasks, seeds, episodes):
    """The files that aggregate left, and those that the workflow expects."""
    chosen = fake_results.config(tuple(tasks), seeds, tuple(learners), episodes)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fake_results.write(root, chosen)
        aggregate.run(chosen, root / "data", root / "results/tiny")
        left = {str(path.relative_to(root)) for path in root.glob("results/tiny/**/*") if path.is_file()}
    jobs = Jobs(chosen)
    return left, {*jobs.plain_report(), *(one.file for one in jobs.shown_report())}


@pytest.mark.slow
@settings(max_examples=12)
@given(**SUBSETS)
def test_every_file_of_the_report_is_there(learners, tasks, seeds, episodes):
    if learners == ["protonet"] and tasks == ["sine_5s"]:
        with pytest.raises(UserError, match="no learner can do any task"):
            aggregated(learners, tasks, seeds, episodes)
        return
    left, expected = aggregated(learners, tasks, seeds, episodes)
    assert expected <= left


@pytest.mark.usefixtures("no_drawings")
def test_a_partial_report_says_what_is_missing_and_replaces_no_whole_one(tmp_path):
    """protonet's run is gone; what is there is judged as it would be without an entry protonet."""
    chosen = fake_results.config(("omniglot_5w1s",), (0, 1), ("maml", "fomaml", "protonet", "chance"))
    fake_results.write(tmp_path, chosen)
    results = tmp_path / "results/tiny"
    aggregate.run(chosen, tmp_path / "data", results)
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    for path in results.glob("*/omniglot_5w1s/protonet/1*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    aggregate.run(chosen.without([("omniglot_5w1s", "protonet")]), tmp_path / "data", results)
    scores = pd.read_csv(results / "partial/tables/scores.csv")
    assert set(scores["learner"]) == {"maml", "fomaml", "chance"}
    for file in ("tables/scores.md", "report.html"):
        assert "Missing: protonet on omniglot_5w1s." in (results / "partial" / file).read_text()
        assert "Missing" not in (results / file).read_text()
    assert all(path.read_bytes() == content for path, content in before.items() if path.exists())
    for path, content in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    aggregate.run(chosen, tmp_path / "data", results)
    assert not (results / "partial").exists()


@pytest.mark.parametrize("pairs", [[("omniglot_5w1s", "chess")], [("chess", "maml")], [("omniglot_5w1s", "maml")]])
def test_what_cannot_be_left_out_is_named(pairs):
    """Unknown ones, and all that there is."""
    chosen = fake_results.config(("omniglot_5w1s",), (0,), ("maml",))
    with pytest.raises(UsageError, match=r"not part of budget tiny|nothing of budget tiny is left"):
        chosen.without(pairs)


@pytest.mark.parametrize("learners", [("chance",), ("protonet",), ("fomaml",), ("chance", "protonet")])
def test_the_fewest(learners):
    """Nobody trained; one learner; nothing published; no steps in any paper."""
    left, expected = aggregated(learners, ["omniglot_5w1s"], (0,), 40)
    assert expected <= left


@pytest.mark.usefixtures("no_drawings")
def test_a_failure_leaves_the_former_report(tmp_path, monkeypatch):
    chosen = fake_results.config(("omniglot_5w1s",), (0,), ("protonet",))
    fake_results.write(tmp_path, chosen)
    results = tmp_path / "results/tiny"
    aggregate.run(chosen, tmp_path / "data", results)
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    monkeypatch.setattr(aggregate, "page_of", lambda *_: 1 / 0)
    (results / "metrics.json").write_text("former")
    with pytest.raises(ZeroDivisionError):
        aggregate.run(chosen, tmp_path / "data", results)
    assert (results / "metrics.json").read_text() == "former"
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != "metrics.json")
