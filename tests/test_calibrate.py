"""metascore calibrate: iterations that fill the budget's seconds, written into its file and nowhere else."""

import pytest
import torch
import yaml
from small_project import ROOT

from metascore.config.loading import load
from metascore.errors import UsageError
from metascore.stages import calibrate
from metascore.stages.calibrate import with_section
from metascore.training.loop import Setting
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
    assert measured(Setting.__new__(Setting), torch.device("cpu"), 70) == Pace(step=1.0, start=144.0)


def test_iterations_fill_what_the_start_leaves():
    assert Pace(step=0.5, start=4.0).iterations(10) == 12
    assert Pace(step=0.5, start=4.0).iterations(1) == 1


def test_a_section_is_replaced_wherever_it_is():
    assert with_section("a: 1\nb:\n  c: 2\n\nd: 3\n", "b", "b: 5\n") == "a: 1\nb: 5\nd: 3\n"
    assert with_section("a: 1", "b", "b: 5\n") == "a: 1\nb: 5\n"


def test_what_data_are_missing_and_how_they_are_made_is_one_line(project, quick):
    (project / "params/small.yaml").write_text(BUDGET.replace("tasks: [sine_5s]", "tasks: [omniglot_lake]"))
    with pytest.raises(UsageError, match=r"images.npy: missing: run `metascore data` first"):
        calibrate.run(load(lengths=False), ["maml"], 3.0)
    for name in ("images.npy", "characters.csv"):
        (project / "data/omniglot").mkdir(parents=True, exist_ok=True)
        (project / "data/omniglot" / name).touch()
    (project / "data/omniglot/characters.csv").write_text("index,alphabet,character,part\n0,a,character01,background\n")
    with pytest.raises(UsageError, match=r"lake.json: missing: run `metascore split --name lake --budget small` first"):
        calibrate.run(load(lengths=False), ["maml"], 3.0)


@pytest.mark.parametrize(
    "path, command",
    [
        ("omniglot/images.npy", "metascore data"),
        ("pictures/flowers/images.npy", "metascore pictures --name flowers"),
        ("splits/lake.json", "metascore split --name lake --budget small"),
        ("splits/flowers/class.json", "metascore split --name flowers/class --budget small"),
    ],
)
def test_each_kind_of_data_has_a_command_of_its_own(path, command):
    assert calibrate._command(calibrate.DATA / path, "small") == f"`{command}`"
