"""Vouching: code that does the same is told from code that does not, run by run, and both tools go by the entry."""

import json
import logging
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from small_project import CHECKPOINT, JOB, LEARNERS, ROOT, SCORES, copied, metascore, prepare, run_here, write_params

from metascore.config import loading
from metascore.config.params import Run
from metascore.files import read_json, write_json
from metascore.orchestration import agreement, vouched
from metascore.stages import vouch
from metascore.stages.earlier import Earlier

RUN = "smoke/omniglot_5w1s/protonet/0"
CONTROL = ("--task", "omniglot_5w1s", "--learner", "chance", "--seed", "0")
RECORD = Path(CHECKPOINT).with_name("run.json")
CODE = "src/metascore/learners/protonet.py"
EVALUATION = "src/metascore/training/evaluation.py"
NOTHING = ("def squared_distance", "UNUSED = 1\n\n\ndef squared_distance")  # another syntax tree, the same numbers


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with code of its own, trained and judged by the same code here."""
    place = tmp_path_factory.mktemp("vouch") / "project"
    place.mkdir()
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    write_params(place, LEARNERS)
    prepare(place)
    for job in (JOB, CONTROL):
        run_here(place, "train", *job)
        run_here(place, "finetune", *job)
    return place


@pytest.fixture
def place(project: Path, tmp_path: Path) -> Path:
    return copied(project, tmp_path / "project")


def own(place: Path, *arguments: str, status: int = 0) -> str:
    """What a stage of the project's own code says."""
    return metascore(place, *arguments, status=status, source=place / "src")


def edit(place: Path, old: str, new: str, file: str = CODE) -> None:
    text = (place / file).read_text()
    assert old in text
    (place / file).write_text(text.replace(old, new))


def entries(place: Path) -> dict:
    return vouched.read(place / vouched.PATH)


def test_nothing_to_vouch_for(place, monkeypatch, caplog):
    monkeypatch.chdir(place)
    caplog.set_level(logging.INFO)
    vouch.run(loading.load("params.yaml"))
    assert caplog.messages[-1] == "smoke: 2 up to date"
    assert entries(place) == {}


def test_the_entry_of_a_run_that_is_not_there_stays(place, monkeypatch, caplog):
    """It was pulled once, or comes tomorrow."""
    monkeypatch.chdir(place)
    caplog.set_level(logging.INFO)
    known = {RUN: {"train": {"recorded": "old code", "now": "new code"}}}
    vouched.write(known)
    Path(SCORES).unlink()
    vouch.run(loading.load("params.yaml"))
    assert caplog.messages[-1] == "smoke: 1 up to date, 1 not there"
    assert vouched.read() == known


def test_code_that_does_the_same_is_vouched_for(place):
    before = read_json(place / Path(SCORES).with_suffix(".json"))["code"]
    edit(place, *NOTHING)
    said = own(place, "vouch")
    assert said.splitlines()[-1] == "smoke: 1 up to date, 1 vouched for"
    stages = entries(place)[RUN]
    assert set(entries(place)) == {RUN} and set(stages) == {"train", "finetune"}
    assert stages["finetune"]["recorded"] == before != stages["finetune"]["now"]
    assert all(one["agreement"] == "all bits" for one in stages.values())
    assert "meta-steps 0, 1, 2, 4 and the scores of 8 validation episodes" in stages["train"]["shown"]
    assert own(place, "vouch") == said  # from the entries, without making anything again


@pytest.mark.slow
def test_code_that_does_otherwise_is_planned_and_its_entry_goes(place):
    edit(place, *NOTHING)
    own(place, "vouch")
    edit(place, "logits = -squared", "logits = -1.01 * squared")
    said = own(place, "vouch")
    assert "omniglot_5w1s/protonet/0: planned: the new code does not do the same: tensors after 1 meta-steps" in said
    assert entries(place) == {}


@pytest.mark.slow
def test_what_is_judged_otherwise_is_planned_though_it_trains_alike(place):
    edit(place, "return torch.stack(scores + scores[-1:]", "return 0.5 * torch.stack(scores + scores[-1:]", EVALUATION)
    assert "score of test episode 0 differs" in own(place, "vouch")


@pytest.mark.slow
def test_another_recipe_is_planned(place):
    edit(place, "width: 4", "width: 5", "params.yaml")
    assert "planned: its recipe changed, not its code alone" in own(place, "vouch")


@pytest.mark.slow
def test_another_machine_is_refused_or_compared_within_a_tolerance(place):
    record = read_json(place / RECORD)
    record["machine"]["processor"] = "another"
    for print_ in record["fingerprints"].values():
        print_ |= {"tensors": "other", "norm": print_["norm"] * 1.0001}
    write_json(place / RECORD, record)
    edit(place, *NOTHING)
    assert "refused: made on another machine (processor)" in own(place, "vouch")
    assert entries(place) == {}
    assert "norm after 0 meta-steps differs" in own(place, "vouch", "--tolerance", "0.00001")
    own(place, "vouch", "--tolerance", "0.001")
    assert entries(place)[RUN]["train"]["agreement"] == "within 0.001"


@pytest.fixture
def abroad(place: Path) -> Path:
    """In git, and made on another kind of machine, where all bits were others."""
    git(place, "init", "--quiet")
    git(place, "add", "src")
    git(place, "commit", "--quiet", "--message", "The code that made the runs")
    for path, bits in ((place / RECORD, "fingerprints"), (place / Path(SCORES).with_suffix(".json"), None)):
        record = read_json(path)
        record["machine"]["processor"] = "another"
        for print_ in record[bits].values() if bits else ():
            print_["tensors"] = "other"
        write_json(path, record)
    np.save(place / SCORES, 1 - np.load(place / SCORES))
    return place


def git(place: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(("git", *who, *arguments), cwd=place, check=True, capture_output=True, text=True).stdout


def test_on_another_machine_the_old_code_does_the_same_beside_the_new(abroad):
    edit(abroad, *NOTHING)
    (abroad / "params.yaml").rename(abroad / "mine.yaml")  # the old code asks for the same parameters
    said = own(abroad, "vouch", "--params", "mine.yaml", "--against", "HEAD")
    assert said.splitlines()[-1] == "smoke: 1 up to date, 1 vouched for"
    commit = git(abroad, "rev-parse", "HEAD").strip()
    assert [(one["agreement"], one["against"]) for one in entries(abroad)[RUN].values()] == 2 * [("all bits", commit)]


def test_an_answer_that_nobody_came_for_is_not_taken_for_the_next(tmp_path):
    (tmp_path / "answers").write_text("".join(json.dumps({"code": code, "prints": {}}) + "\n" for code in "abc"))
    codes = []
    with (tmp_path / "questions").open("w") as questions, (tmp_path / "answers").open() as answers:
        asked = Earlier("revision", questions, answers, tmp_path)
        for seed, is_read in enumerate((True, False, True)):
            asked.ask("train", Run("omniglot_5w1s", "protonet", seed))
            codes += [asked.training()[0]] if is_read else []
    assert codes == ["a", "c"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "file, old, new, reason",
    [
        (CODE, "logits = -squared", "logits = -1.000001 * squared", "tensors after 1 meta-steps differs"),
        (
            EVALUATION,
            "return torch.stack(scores + scores[-1:]",
            "return 0.5 * torch.stack(scores + scores[-1:]",
            "score of test episode 0 differs",
        ),
    ],
)
def test_other_code_shows_beside_the_old_one(abroad, file, old, new, reason):
    edit(abroad, old, new, file)
    assert reason in own(abroad, "vouch", "--against", "HEAD")
    assert entries(abroad) == {}


@pytest.mark.slow
def test_code_that_was_vouched_for_stands_for_what_was_recorded_and_other_code_does_not(abroad):
    edit(abroad, *NOTHING)
    assert "1 vouched for" in own(abroad, "vouch", "--against", "HEAD")
    git(abroad, "commit", "--quiet", "--all", "--message", "Another syntax tree")
    edit(abroad, "UNUSED = 1", "UNUSED = 2")
    said = own(abroad, "vouch", "--against", "HEAD")
    assert said.splitlines()[-1] == "smoke: 1 up to date, 1 vouched for"
    edit(abroad, "UNUSED = 2", "UNUSED = 3")
    said = own(abroad, "vouch", "--against", "HEAD")
    assert "refused: train: not by the code of" in said and "give --against the revision that made it" in said


@pytest.mark.slow
def test_a_revision_that_is_not_there_or_does_not_work_is_named(abroad):
    edit(abroad, *NOTHING)
    assert "nowhere: no revision of this repository" in own(abroad, "vouch", "--against", "nowhere", status=1)
    assert "leave it out" in own(abroad, "vouch", "--against", "HEAD", "--tolerance", "0.1", status=2)
    git(abroad, "rm", "-r", "--quiet", "--cached", "src/metascore/stages")
    git(abroad, "commit", "--quiet", "--message", "Half a project")
    said = own(abroad, "vouch", "--against", "HEAD")
    assert "refused: the code of" in said and "No module named 'metascore.stages'" in said


@pytest.mark.slow
def test_a_run_without_fingerprints_is_planned(place):
    record = read_json(place / RECORD)
    write_json(place / RECORD, record | {"fingerprints": {}})
    edit(place, *NOTHING)
    assert "planned: the new code does not do the same: recorded at meta-steps none" in own(place, "vouch")


def test_an_array_that_is_made_no_more_is_not_missed_but_others_are_compared():
    one, other = np.zeros(2), np.ones(2)
    assert agreement.of_arrays({"chosen": one, "images": other}, {"chosen": one}, None) is None
    assert agreement.of_arrays({"chosen": one, "images": other}, {"chosen": other}, None) == "chosen"
    assert agreement.of_arrays({"chosen": one}, {"chosen": one, "images": other}, None) == (
        "arrays chosen, not chosen, images"
    )


def test_a_rule_counts_the_code_of_an_entry_for_what_was_recorded():
    job = Run("omniglot_5w1s", "protonet", 0)
    known = {RUN: {"train": {"recorded": "old", "now": "new"}}}
    assert vouched.recorded(known, "smoke", job, "train", "new") == "old"
    assert vouched.recorded(known, "smoke", job, "train", "newer") == "newer"
    assert vouched.recorded(known, "smoke", job, "finetune", "new") == "new"
    assert vouched.recorded(known, "quick", job, "train", "new") == "new"
