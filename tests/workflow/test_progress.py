"""How far a workflow is, and what it would do, by hand; and a screen whose last lines live."""

import io
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from metascore.config.loading import load
from metascore.config.params import Run
from metascore.orchestration import forecast, live, plan, progress, published
from metascore.orchestration.progress import Job, Work
from metascore.orchestration.screen import Screen
from metascore.store.paths import Results

MAML, PROTONET, CHANCE = (Run("omniglot_5w1s", learner, 0) for learner in ("maml", "protonet", "chance"))
RESULTS = Results(Path("results/smoke"))


@pytest.fixture
def config(root, tmp_path, monkeypatch):
    """The project's own parameters at budget smoke, in a folder where nothing was done."""
    chosen = load(root / "params.yaml", "smoke")
    monkeypatch.chdir(tmp_path)
    return chosen


def training(run: Run, folder) -> Job:
    return Job("meta_train", f"Meta-training {run.learner}", run, folder / f"{run.learner}.log")


def judged(run: Run, *scores: float) -> None:
    """Episodes with these scores after the last step."""
    RESULTS.score(run).parent.mkdir(parents=True)
    np.save(RESULTS.score(run), np.tile(np.array(scores, np.float32)[:, None], (1, 11)))


def test_a_line_has_jobs_time_and_validation_scores(config, tmp_path):
    job = training(MAML, tmp_path)
    work = Work(config, [job, training(PROTONET, tmp_path)], cores=2, done=1)
    (tmp_path / "maml.log").write_text(
        "m: iteration 3/12, loss 1.5, validation 0.25, 9 s left\n"
        "m: iteration 6/12, loss 1.1, validation 0.5, 9 s left\n"
    )
    work.begin(7, job)
    work.began = time.monotonic() - 60.0
    # Half of one of two equal jobs took a minute: the other three quarters of the work take three.
    assert work.line() == "1 of 2 jobs, about 3 min left: training omniglot_5w1s/maml/0 (50%, validation 50.00 %)"


def test_what_a_stopped_training_had_done_does_not_make_this_one_fast(config, tmp_path):
    job = training(MAML, tmp_path)
    work = Work(config, [job, training(PROTONET, tmp_path)], cores=1)
    (tmp_path / "maml.log").write_text(
        "m: going on from iteration 9\nm: iteration 12/12, loss 1.1, validation 0.5, 0 s left\n"
    )
    work.begin(7, job)
    work.began = time.monotonic() - 60.0
    # A quarter of one of two equal jobs took a minute: the other one takes four.
    assert work.line().startswith("0 of 2 jobs, about 4 min left: training omniglot_5w1s/maml/0 (100%")
    work.end(7)
    assert work.line() == "0 of 2 jobs, about 4 min left"


def test_before_anything_is_done_the_forecast_says_how_long_it_takes(config, tmp_path):
    jobs = [training(MAML, tmp_path), training(PROTONET, tmp_path)]
    work = Work(config, jobs, cores=2)
    assert work.seconds_left() == sum(forecast.seconds_of(config, [MAML, PROTONET]).values()) / 2


def test_the_table_ranks_what_is_judged_and_says_how_many_seeds(config):
    config.of_budget.values["seeds"] = [0, 1]
    judged(MAML, 0.5, 1.0)
    judged(PROTONET, 1.0, 1.0)
    assert Work(config, [], cores=1).table() == [
        "omniglot_5w1s: protonet 100.00 (1 of 2 seeds), maml 75.00 (1 of 2 seeds)"
    ]


def test_scores_that_are_about_to_be_made_anew_do_not_count_until_they_are(config, tmp_path):
    judged(MAML, 0.5)
    job = Job("finetune", "Fine-tuning", MAML, None)
    work = Work(config, [job], cores=1)
    assert work.table() == []
    work.begin(1, job)
    assert work.end(1) == job
    assert work.table() == ["omniglot_5w1s: maml 50.00"]


def test_a_job_of_no_run_is_called_as_its_rule_calls_it(config):
    work = Work(config, [], cores=1)
    work.begin(1, progress.job_of("download", "Omniglot, verified", {}, []))
    assert work.line().endswith(": Omniglot, verified")


def test_a_plan_names_runs_by_task_and_cause_once(config):
    train, judge = Job("meta_train", "", MAML, None), Job("finetune", "", MAML, None)
    again = Job("finetune", "", PROTONET, None)
    others = [Job("episodes", "Episodes a.npy", None, None), Job("aggregate", "The report", None, None)]
    missing, newer = "not there", "newer inputs"
    planned = [(train, missing), (judge, missing), (again, newer), *((job, missing) for job in others)]
    for run in (PROTONET, CHANCE):
        for name in published.FILES:
            path = getattr(RESULTS, name)(run)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    assert plan.told(config, planned, 2).splitlines() == [
        f"Budget smoke: 1 of {len(config.runs())} runs are done; 5 jobs to do.",
        forecast.forecast(config, [MAML], 2),
        "  train and judge 1 of omniglot_5w1s (not there): maml",
        "  judge 1 of omniglot_5w1s (newer inputs): protonet",
        "  and: 1 episode files, The report",
        plan.MORE,
    ]


def test_the_strongest_cause_is_told():
    reason = SimpleNamespace(forced=False, missing_output={"a"}, code_changed=True)
    assert plan.cause_of(reason) == "not there"
    assert plan.cause_of(SimpleNamespace()) == "needed"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_that_live_are_written_over_and_others_stay_above(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    terminal = Terminal()
    screen = Screen(terminal)
    screen.show("one", "a line that is too long")
    screen.say("stays")
    screen.show()
    assert terminal.getvalue() == (
        "one\na line t…\n"  # cut, so that one line up is one line up
        "\033[2F\033[Jstays\none\na line t…\n"
        "\033[2F\033[J"
    )


def test_without_a_terminal_nothing_lives():
    stream = io.StringIO()
    screen = Screen(stream)
    screen.show("lives")
    screen.say("stays")
    assert stream.getvalue() == "stays\n"


def test_without_a_terminal_lines_come_although_no_job_ends(config, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "SECONDS_ELSEWHERE", 0.01)
    stream, settings = io.StringIO(), SimpleNamespace(nocolor=True, show_failed_logs=False, stdout=False, quiet=None)
    handler = live.LiveHandler(settings, Screen(stream), None)
    handler.begin(Work(config, [training(MAML, tmp_path)], 1))
    until = time.monotonic() + 10
    while "0 of 1 jobs" not in stream.getvalue() and time.monotonic() < until:
        time.sleep(0.01)
    handler.close()
    assert "0 of 1 jobs" in stream.getvalue()
