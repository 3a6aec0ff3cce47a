"""What a change runs again: exactly what it affects."""

import os
import shutil
from collections.abc import Callable

import pytest
from temporary_project import REPORT, Project, jobs_of

NOTHING: set[str] = set()
PROTONET = "src/metascore/learners/protonet.py"
RUN = "results/smoke/runs/omniglot_5w1s/maml"
TRAINING, EVALUATION = "Meta-training omniglot_5w1s/maml", "Fine-tuning omniglot_5w1s/maml"
OMNIGLOT = "Omniglot, verified, as arrays"


def write_again(project: Project, name: str, change: Callable[[bytes], bytes] = bytes) -> None:
    """Write a file anew, whose time of modification moves then."""
    path = project.path / name
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(change(content))


def test_a_second_run_has_nothing_to_do(project: Project):
    assert "Nothing to be done" in project.call("snakemake", "--cores", "1")


def test_code_of_one_learner(project: Project):
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    assert project.planned() == jobs_of("protonet")
    assert project.ran("snakemake", "--cores", "2") == jobs_of("protonet")
    assert project.planned() == NOTHING


def change_parameter(project: Project) -> None:
    project.set_parameter("learners.fomaml.test_steps", 4)


def change_words(project: Project) -> None:
    project.append(PROTONET, "\n# A comment.\n")
    project.replace(PROTONET, '"""', '"""Other words. ')


def change_shared_code(project: Project) -> None:
    project.append("src/metascore/files.py", "\nNUMBER = 1\n")


def change_numerics(project: Project) -> None:
    project.append("src/metascore/version.py", "\nNUMERICS_VERSION = 1000\n")


def change_drawing(project: Project) -> None:
    project.append("src/metascore/report/page.py", "\nNUMBER = 1\n")


def touch_everything(project: Project) -> None:
    for path in (*project.path.glob("data/**/*"), *project.path.glob("results/**/*")):
        os.utime(path)


def lose_records(project: Project) -> None:
    shutil.rmtree(project.path / ".snakemake")


def change_checkpoint(project: Project) -> None:
    write_again(project, f"{RUN}/1/checkpoint.safetensors", lambda content: content + b" ")


def lose_one_seed(project: Project) -> None:
    shutil.rmtree(project.path / RUN / "1")


def lose_images(project: Project) -> None:
    (project.path / "data/omniglot/images.npy").unlink()


EVERYTHING = set().union(*map(jobs_of, ("chance", "protonet", "maml", "fomaml")))
CHANGES: dict[Callable[[Project], None], set[str]] = {
    change_parameter: jobs_of("fomaml"),
    change_words: NOTHING,
    change_shared_code: NOTHING,
    change_drawing: {REPORT},
    touch_everything: NOTHING,
    lose_records: NOTHING,
    change_checkpoint: {EVALUATION, REPORT},
    lose_one_seed: {TRAINING, EVALUATION, REPORT},
    lose_images: {OMNIGLOT},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_affects(project: Project, change: Callable[[Project], None]):
    change(project)
    assert project.planned() == CHANGES[change]


def test_another_version_of_the_numerics(project: Project):
    change_numerics(project)
    assert project.planned() >= EVERYTHING


def test_done_seeds_stay(project: Project):
    record = project.path / RUN / "0/run.json"
    before = record.read_bytes()
    lose_one_seed(project)
    project.call("snakemake", "--cores", "2")
    project.set_parameter("seeds", [0, 1, 2], "params/smoke.yaml")
    assert project.planned() == EVERYTHING
    project.call("snakemake", "--cores", "2")
    assert record.read_bytes() == before and (project.path / RUN / "2/run.json").exists()
    assert project.planned() == NOTHING


def test_other_settings_of_the_data_make_data_and_runs_anew(project: Project):
    project.set_parameter("split.seed", 1)
    planned = project.planned()
    assert planned > EVERYTHING and OMNIGLOT not in planned
    assert project.ran("snakemake", "--cores", "2") == planned
    assert project.planned() == NOTHING


def test_another_budget_plans_what_is_missing(project: Project):
    planned = project.planned("--config", "budget=long")
    assert TRAINING in planned and OMNIGLOT not in planned


@pytest.mark.parametrize(
    "target, jobs",
    [
        ("trained", {TRAINING}),
        ("evaluated", {TRAINING, EVALUATION}),
        ("results/smoke/scores/omniglot_5w1s/maml/0.npy", {TRAINING, EVALUATION}),
    ],
)
def test_a_part_of_the_work(project: Project, target: str, jobs: set[str]):
    shutil.rmtree(project.path / RUN)
    assert project.planned(target) == jobs


def test_a_catalogue_s_entry_is_the_same_workflow(project: Project):
    change_parameter(project)
    assert project.planned("--snakefile", "workflow/Snakefile") == jobs_of("fomaml")


@pytest.mark.parametrize(
    "path, value, named",
    [("learners.maml.inner_lrr", 0.1, "inner_lrr"), ("split.train", -1, "split.train")],
)
def test_one_line_names_a_wrong_key(project: Project, path: str, value: object, named: str):
    project.set_parameter(path, value)
    output = project.call("snakemake", "--cores", "1", status=1)
    lines = [line for line in output.splitlines() if line.startswith("params: ")]
    assert len(lines) == 1 and named in lines[0]
    assert "Traceback" not in output and "Job " not in output


@pytest.mark.parametrize(
    "words, named",
    [
        (["--config", "budget=huge"], "huge"),
        (["--config", "split=lake"], "split"),
        (["results/smoke/scores/omniglot_5w1s/nobody/0.npy"], "nobody"),
        (["results/smoke/scores/nothing/maml/0.npy"], "nothing"),
        (["data/splits/flowers/class.json"], "flowers"),
    ],
)
def test_what_the_budget_does_not_have_is_named(project: Project, words: list[str], named: str):
    output = project.call("snakemake", "-n", *words, status=1)
    assert named in output and "Traceback" not in output and "KeyError" not in output


@pytest.mark.parametrize(
    "target",
    [
        "results/smoke/scores/omniglot_5w1s/x; touch pwned;/0.npy",
        "results/smoke/scores/$(touch pwned)/maml/0.npy",
        "results/smoke/runs/omniglot_5w1s/maml/0; touch pwned/run.json",
        "data/episodes/omniglot/x`touch pwned`.npy",
    ],
)
def test_a_target_that_is_a_command_is_no_target(project: Project, target: str):
    assert "MissingRuleException" in project.call("snakemake", "--cores", "1", "--", target, status=1)
    assert not list(project.path.rglob("pwned*"))
