"""How far a workflow is and what it would do, by hand."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from metascore.config.loading import load
from metascore.config.params import Run
from metascore.orchestration import forecast, plan
from metascore.orchestration.work import Job, Work, job_of

MAML, PROTONET = ([Run("omniglot_5w1s", learner, seed) for seed in (0, 1)] for learner in ("maml", "protonet"))


@pytest.fixture
def config(root, tmp_path, monkeypatch):
    """The project's own parameters at budget smoke, in a folder where nothing was done."""
    chosen = load(root / "params.yaml", "smoke")
    monkeypatch.chdir(tmp_path)
    return chosen


def training(runs: list[Run], *lines: str) -> Job:
    """A job that trains two seeds, with this log."""
    log = Path(f"{runs[0].learner}.log")
    log.write_text("".join(f"{line}\n" for line in lines))
    return Job("meta_train", f"Training {runs[0].learner}", tuple(runs), log)


def line_after_a_minute(config, job: Job) -> str:
    """The progress of a job and an equal one that waits."""
    work = Work(config, [job, training(PROTONET)], places=2)
    work.running[7] = job
    work.began = time.monotonic() - 55.0
    return work.line()


def test_a_line_has_jobs_time_and_the_validation_score(config):
    job = training(
        MAML,
        "omniglot_5w1s/maml/0: iteration 12/12, loss 1.5, validation 0.25, 9 s left",
        "omniglot_5w1s/maml/1: iteration 6/12, loss 1.1, validation 0.5, 9 s left",
    )
    # Three quarters of one of two equal jobs took 55 s: the other five quarters take 64 to 138 s.
    assert line_after_a_minute(config, job) == (
        "0 of 2 jobs, 64 to 138 s left: Training maml (75%, validation 50.00 %)"
    )


def test_the_work_of_an_earlier_process_does_not_count_for_the_pace(config):
    job = training(
        MAML,
        "omniglot_5w1s/maml/1: going on from iteration 6",
        "omniglot_5w1s/maml/1: iteration 12/12, loss 1.1, validation 0.5, 0 s left",
    )
    # A quarter of one of two equal jobs took 55 s: the other job takes 154 to 330 s.
    assert line_after_a_minute(config, job).startswith("0 of 2 jobs, 2 to 6 min left: Training maml (100%")


def test_before_the_first_work_the_forecast_is_shown(config):
    """6 iterations of 2 episodes, 0.01 s each, and 2 s of starting, twice: 4.24 s."""
    assert line_after_a_minute(config, training(MAML)) == "0 of 2 jobs, 2 to 13 s left: Training maml"


def test_a_forecast_is_a_range(config, root):
    """Ten such runs on two cores; and 35 s of a budget that has times, on as many cores as runs."""
    runs = [Run("omniglot_5w1s", "maml", seed) for seed in range(10)]
    expected = "10 runs to train: 10 to 62 s on 2 cores, by a first estimate"
    assert forecast.forecast(config, runs, 2) == expected
    assert "10 to 124 s" in forecast.forecast(config, runs, 2, busy=1.0)
    quick = load(root / "params.yaml", "quick")
    assert forecast.forecast(quick, MAML, 2).startswith("2 runs to train: 19 to 117 s on 2 cores")
    assert forecast.minutes(quick, MAML[0]) == 12


@pytest.mark.parametrize(("seconds", "expected"), [(10, "5 to 30 s"), (1000, "8 to 50 min"), (10_000, "1 to 9 h")])
def test_units(seconds: float, expected: str):
    assert forecast.time_range(seconds, forecast.BEFORE) == expected


def test_a_job_has_the_seeds_of_its_task(config):
    named = {"task": "omniglot_5w1s", "learner": "maml"}
    assert job_of(config, "finetune_1_seeds", None, named, []) == Job("finetune", "finetune_1_seeds", (MAML[0],))
    assert job_of(config, "download", "Omniglot", {}, []) == Job("download", "Omniglot")


def test_a_plan_names_runs_by_task_and_cause(config):
    jobs = [Job("meta_train", "", (MAML[0],)), Job("finetune", "", (MAML[0],)), Job("finetune", "", (PROTONET[0],))]
    others = [Job("episodes", "Episodes a.npy"), Job("aggregate", "The report")]
    planned = [*zip(jobs, ("missing", "missing", "newer inputs"), strict=True), *((job, "missing") for job in others)]
    runs = len(config.runs())
    assert plan.text(config, runs - 2, planned, 2).splitlines() == [
        f"Budget smoke: {runs - 2} of {runs} runs are done; 5 jobs to do.",
        forecast.forecast(config, MAML[:1], 2),
        "  train 1 of omniglot_5w1s (missing): maml",
        "  evaluate 1 of omniglot_5w1s (missing): maml",
        "  evaluate 1 of omniglot_5w1s (newer inputs): protonet",
        "  and: 1 episode files, The report",
        plan.MORE,
    ]


def test_the_strongest_cause_is_named():
    assert plan.cause_of(SimpleNamespace(forced=False, missing_output={"a"}, code_changed=True)) == "missing"
    assert plan.cause_of(SimpleNamespace()) == "needed"
