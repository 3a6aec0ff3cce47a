"""metascore calibrate: iterations that fill the budget's seconds, written into its file and nowhere else."""

import pytest
import torch
import yaml
from small_project import ROOT, write_data

from metascore.config.loading import load
from metascore.errors import UsageError
from metascore.stages import calibrate
from metascore.stages.calibrate import with_section
from metascore.training.loop import TrainingRun
from metascore.training.pace import Pace, measured

BUDGET = """
# A comment that stays.
tasks: [sine_5s]
seeds: [0]
episodes: {train: 8, validation: 4, test: 4}
seconds: 2 # each
iterations: {sine_5s: {anil: 77}}
learners: # another that stays
  maml: {width: 4}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the real params.yaml and one small budget."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"budget": "small"}
    params["learners"] = {name: params["learners"][name] for name in ("scratch", "maml", "anil")}
    (tmp_path / "params").mkdir()
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    (tmp_path / "params/small.yaml").write_text(BUDGET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """A hundredth of a second behind each number: what it is does not matter here."""
    monkeypatch.setattr(calibrate, "MEASURED", 0.01)


def test_iterations_and_seconds_are_written_and_the_rest_stays(project, quick):
    calibrate.run(load(lengths=False), ["maml"], 3.0)
    text = (project / "params/small.yaml").read_text()
    assert "# A comment that stays." in text and "learners: # another that stays\n  maml: {width: 4}" in text
    budget = yaml.safe_load(text)
    assert budget["seconds"] == 3 and budget["iterations"]["sine_5s"]["anil"] == 77
    assert load().recipe("sine_5s", "maml").training.iterations == budget["iterations"]["sine_5s"]["maml"] > 0


def test_all_that_learn_are_measured_by_default(project, quick):
    calibrate.run(load(lengths=False), [])
    assert set(yaml.safe_load((project / "params/small.yaml").read_text())["iterations"]["sine_5s"]) == {"maml", "anil"}


@pytest.mark.parametrize(("learners", "seconds"), [(["scratch"], None), (["nobody"], None), ([], 0.0), ([], -1.0)])
def test_what_cannot_be_measured_is_an_error_and_nothing_is_written(project, quick, learners, seconds):
    with pytest.raises(UsageError):
        calibrate.run(load(lengths=False), learners, seconds)
    assert (project / "params/small.yaml").read_text() == BUDGET


def test_the_pace_is_that_of_the_quickest_round(monkeypatch):
    """A learner whose meta-steps take a known time by a clock of the test's own."""
    from metascore.training import pace

    now = iter([0, 160, 200, 232, 300, 316, 400, 424])  # began and ended: 160, 32, 16, 24
    monkeypatch.setattr(pace.machine, "clock", lambda: lambda: next(now))
    monkeypatch.setattr(pace, "_steps", lambda setting, device: iter(int, 1))
    assert measured(TrainingRun.__new__(TrainingRun), torch.device("cpu"), 70) == Pace(step=1.0, start=144.0)


def test_iterations_fill_what_the_start_leaves():
    assert Pace(step=0.5, start=4.0).iterations(10) == 12
    assert Pace(step=0.5, start=4.0).iterations(1) == 1


def test_a_section_is_replaced_wherever_it_is():
    assert with_section("a: 1\nb:\n  c: 2\n\nd: 3\n", "b", "b: 5\n") == "a: 1\nb: 5\nd: 3\n"
    assert with_section("a: 1", "b", "b: 5\n") == "a: 1\nb: 5\n"


def test_data_that_are_missing_are_made(project, quick, monkeypatch):
    (project / "params/small.yaml").write_text(BUDGET.replace("tasks: [sine_5s]", "tasks: [omniglot_5w1s]"))
    monkeypatch.setattr(calibrate.data, "run", lambda config: write_data(project))
    calibrate.run(load(lengths=False), ["maml"], 3.0)
    assert (project / "data/splits/random.json").is_file()
    assert yaml.safe_load((project / "params/small.yaml").read_text())["iterations"]["omniglot_5w1s"]["maml"] > 0


@pytest.mark.parametrize(
    "path, expected, arguments",
    [
        ("omniglot/images.npy", "data", ()),
        ("pictures/flowers/images.npy", "pictures", ("flowers",)),
        ("splits/lake.json", "split", ("lake",)),
        ("splits/flowers/class.json", "split", ("flowers/class",)),
    ],
)
def test_each_kind_of_data_is_made_by_a_stage_of_its_own(project, monkeypatch, path, expected, arguments):
    asked = []
    for name in ("data", "pictures", "split"):
        stage = getattr(calibrate, name)
        monkeypatch.setattr(stage, "run", lambda config, *rest, name=name: asked.append((name, rest)))
    calibrate._make(load(lengths=False), calibrate.DATA / path)
    assert asked == [(expected, arguments)]
