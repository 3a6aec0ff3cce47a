"""What `snakemake -n` says: a screen of what would be done, and what is done."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from metascore.config.params import Config, Run
from metascore.orchestration import forecast, published
from metascore.orchestration.progress import JUDGING, TRAINING, Job

WIDTH = 100
CAUSES = {  # attributes of Snakemake's reason for a job, the strongest first
    "forced": "asked for",
    "incomplete_output": "not as its job here left it",
    "missing_output": "not there",
    "params_changed": "other code or parameters",
    "code_changed": "other code",
    "input_changed": "other inputs",
    "updated_input": "newer inputs",
    "updated_input_run": "inputs made anew",
}
MORE = "Each job, why, and its command: `snakemake -n -p`"


def cause_of(reason: Any) -> str:
    """Why a job would run, in words: the first of what Snakemake says."""
    return next((words for name, words in CAUSES.items() if getattr(reason, name, None)), "needed")


def told(config: Config, planned: Sequence[tuple[Job, str]], places: int, kind: str = "cores") -> str:
    """The plan, of jobs with their causes."""
    trained = [one for one in planned if one[0].rule == TRAINING]
    runs = [job.run for job, _ in trained if job.run]
    judged = [one for one in planned if one[0].rule == JUDGING and one[0].run not in set(runs)]
    lines = [_head(config, planned)]
    lines += [forecast.forecast(config, runs, places, kind)] if runs else []
    lines += _of_rule("train and judge", trained) + _of_rule("judge", judged)
    lines += _listed("and", _shortened(Counter(job.message for job, _ in planned if job.run is None)))
    return "\n".join([*lines, MORE])


def _head(config: Config, planned: Sequence[tuple[Job, str]]) -> str:
    waiting = {job.run for job, _ in planned if job.run}
    done = [run for run in published.those_here(config) if run not in waiting]
    return f"Budget {config.budget}: {len(done)} of {len(config.runs())} runs are done; {len(planned)} jobs to do."


def _of_rule(verb: str, jobs: Iterable[tuple[Job, str]]) -> list[str]:
    """A line for each task and cause: how many runs, of which learners."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for job, cause in jobs:
        if job.run:
            groups.setdefault((job.run.task, cause), []).append(job.run)
    return [
        line
        for (task, cause), runs in groups.items()
        for line in _listed(f"{verb} {len(runs)} of {task} ({cause})", sorted({run.learner for run in runs}))
    ]


def _shortened(messages: Counter[str]) -> list[str]:
    """Episode files are counted, others named."""
    files = sum(count for message, count in messages.items() if message.startswith("Episodes "))
    named = [message for message in messages if not message.startswith("Episodes ")]
    return [*([f"{files} episode files"] if files else []), *named]


def _listed(heading: str, names: Sequence[str]) -> list[str]:
    """A heading and names, in as many lines as they need."""
    return textwrap.wrap(f"  {heading}: {', '.join(names)}", WIDTH, subsequent_indent="    ") if names else []
