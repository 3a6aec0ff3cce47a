"""What `snakemake -n` writes: what would be done and why, in a screen."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from metascore.config.params import Config
from metascore.orchestration import forecast
from metascore.orchestration.work import EVALUATION, TRAINING, Job

WIDTH = 100
CAUSES = {  # attributes of Snakemake's reason for a job, the strongest first
    "forced": "asked for",
    "incomplete_output": "interrupted",
    "missing_output": "missing",
    "params_changed": "other settings",
    "code_changed": "other code",
    "input_changed": "other inputs",
    "updated_input": "newer inputs",
    "updated_input_run": "inputs made anew",
}
TARGETS = ("all", "data", "trained", "evaluated")  # rules that only name files
MORE = "Each job, why, and its command: `snakemake -n -p`"


def cause_of(reason: Any) -> str:
    """Why a job would run, in words: the first of Snakemake's causes."""
    return next((words for name, words in CAUSES.items() if getattr(reason, name, None)), "needed")


def text(config: Config, done: int, planned: Sequence[tuple[Job, str]], places: int, kind: str = "cores") -> str:
    """The plan, of jobs with their causes; `done` is the number of runs that are done."""
    trained = [run for job, _ in planned if job.rule == TRAINING for run in job.runs]
    lines = [f"Budget {config.budget}: {done} of {len(config.runs())} runs are done; {len(planned)} jobs to do."]
    lines += [forecast.forecast(config, trained, places, kind)] if trained else []
    lines += _of_rule("train", TRAINING, planned) + _of_rule("evaluate", EVALUATION, planned)
    others = [job.message for job, _ in planned if not job.runs]
    named = [message for message in others if not message.startswith("Episodes ")]
    files = len(others) - len(named)
    lines += _listed("and", [*([f"{files} episode files"] if files else []), *named])
    return "\n".join([*lines, MORE])


def _of_rule(verb: str, rule: str, planned: Iterable[tuple[Job, str]]) -> list[str]:
    """A line for each task and cause: how many runs, of which learners."""
    groups: dict[tuple[str, str], list[Job]] = {}
    for job, cause in planned:
        if job.rule == rule:
            groups.setdefault((job.runs[0].task, cause), []).append(job)
    return [
        line
        for (task, cause), jobs in groups.items()
        for line in _listed(
            f"{verb} {sum(len(job.runs) for job in jobs)} of {task} ({cause})",
            sorted({job.runs[0].learner for job in jobs}),
        )
    ]


def _listed(heading: str, names: Sequence[str]) -> list[str]:
    """A heading and names, in as many lines as they need."""
    return textwrap.wrap(f"  {heading}: {', '.join(names)}", WIDTH, subsequent_indent="    ") if names else []
