"""What a change runs again: exactly what it affects."""

import re
import shutil
import time

from temporary_project import Project, jobs_of

NOTHING: set[str] = set()
PROTONET = "src/metascore/learners/protonet.py"


def test_a_second_run_has_nothing_to_do(project: Project):
    assert "Nothing to be done" in project.call("snakemake", "--cores", "1")


def test_a_parameter_of_one_learner(project: Project):
    project.set_parameter("learners.fomaml.test_steps", 4)
    assert project.planned() == jobs_of("fomaml")


def test_an_expression_of_one_learner(project: Project):
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    assert project.planned() == jobs_of("protonet")


def test_a_comment_and_a_docstring(project: Project):
    project.append(PROTONET, "\n# A comment.\n")
    project.replace(PROTONET, '"""', '"""Other words. ')
    assert project.planned() == NOTHING


def test_a_step_that_all_runs_share(project: Project):
    project.append("src/metascore/stages/aggregate.py", "\nNUMBER = 1\n")
    assert project.planned() == {"Scores to metrics, tables, figures and report"}


def test_another_budget(project: Project):
    planned = project.planned("--config", "budget=quick")
    assert "Meta-training omniglot_5w1s/maml/1" in planned
    assert "Omniglot, verified, as arrays" not in planned


def test_a_file_that_came_another_way(project: Project):
    path = project.path / "results/smoke/runs/omniglot_5w1s/maml/0/checkpoint.safetensors"
    time.sleep(0.01)
    path.write_bytes(path.read_bytes() + b" ")
    assert "Meta-training omniglot_5w1s/maml/0" in project.planned()


def test_a_run_made_by_hand_is_named_before_it_is_made_again(project: Project):
    """Snakemake has no record of it: it cannot know by what code and parameters it was made."""
    project.call(
        *("python", "-m", "metascore", "train", "--budget", "smoke"),
        *("--task", "omniglot_5w1s", "--learner", "maml", "--seed", "0"),
    )
    said = project.call("snakemake", "-n")
    assert "made anew: results/smoke/runs/omniglot_5w1s/maml/0/run.json" in said


def test_a_budget_beside_a_finished_one_plans_files_that_are_not_there(project: Project):
    said = project.call("snakemake", "-n", "-p", "--config", "budget=quick")
    reasons = re.findall(r"^Reason: (.*)$", said, flags=re.MULTILINE)
    assert all(reason.startswith("Missing output files: ") for reason in reasons)  # all else is shared as it is
    files = {file for reason in reasons for file in reason.split(";")[0].split(": ", 1)[1].split(", ")}
    assert "results/quick/runs/omniglot_5w1s/maml/0/run.json" in files
    assert all(file.startswith(("results/quick/", "data/episodes/")) for file in files)
    assert not [file for file in files if (project.path / file).exists()]


def test_the_same_file_linked_anew(project: Project):
    path = project.path / "results/smoke/runs/omniglot_5w1s/maml/0/training.csv"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert project.planned() == NOTHING


def test_files_without_a_record(project: Project):
    shutil.rmtree(project.path / ".snakemake")
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    assert jobs_of("protonet") | jobs_of("maml") < project.planned()


def test_a_catalogue_s_entry_is_the_same_workflow(project: Project):
    project.set_parameter("learners.fomaml.test_steps", 4)
    assert project.planned("--snakefile", "workflow/Snakefile") == jobs_of("fomaml")
