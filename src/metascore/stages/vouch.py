"""Command vouch: show that new code does what old code did, for runs that nothing else has changed for.

Of each such run the first meta-steps are made again, and the first test episodes are judged again. Where all is as it
was recorded, the run counts as done by the new code (`orchestration.vouched`); where not, it is planned. On another
kind of machine than the recorded one bits differ: there the old code, from its revision, does the same beside the new.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections import Counter
from dataclasses import asdict
from typing import Any, NamedTuple

import torch

from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.files import read_array, read_arrays, read_json, sha256
from metascore.orchestration import agreement, devices, published, vouched
from metascore.orchestration.vouched import Entry
from metascore.stages import earlier, first_steps
from metascore.stages.earlier import Earlier, Failed
from metascore.stages.first_steps import Judged
from metascore.stages.train import identity_of
from metascore.store import checkpoint
from metascore.store.paths import Results
from metascore.training import machine
from metascore.training.fingerprints import Fingerprints

CURE = "run `snakemake`, which makes it anew"
UP_TO_DATE, VOUCHED, PLANNED, REFUSED, ABSENT = "up to date", "vouched for", "planned", "refused", "not there"

log = logging.getLogger(__name__)


class Planned(Exception):
    """Why a run can't be vouched for, so that the workflow makes it anew."""


class Refused(Exception):
    """Why that can't be told here."""


def run(config: Config, tolerance: float | None = None, against: str | None = None) -> None:
    """Write workflow/vouched.json: what was shown, of which runs of the budget, on which machine.

    For a machine of another kind than the recorded one `against` names the revision whose code made the runs, and
    `tolerance`, which is relative, allows for other bits. Raises UsageError where that is not positive or both are
    given, UserError where there is no such revision.
    """
    if tolerance is not None and not tolerance > 0:
        raise UsageError(f"--tolerance {tolerance}: not a tolerance: give a positive number, such as 0.001")
    if tolerance is not None and against is not None:
        raise UsageError("--tolerance beside --against: what is made twice on one machine has equal bits: leave it out")
    entries, said = vouched.read(), Counter[str]()
    with (
        devices.claimed(),
        machine.prepared() as device,
        earlier.at_work(config, against) if against else contextlib.nullcontext() as at_work,
    ):
        for job in config.runs():
            key = vouched.key(config.budget, job)
            word, stages = _outcome(_Trial(config, job, device, tolerance, at_work, entries.pop(key, {})))
            said[word] += 1
            entries |= {key: stages} if stages else {}
            vouched.write(entries)
    log.info("%s: %s", config.budget, ", ".join(f"{count} {word}" for word, count in said.items()))


class _Trial(NamedTuple):
    """A run, where it is tried, and what was shown of it before."""

    config: Config
    job: Run
    device: torch.device
    tolerance: float | None
    earlier: Earlier | None
    known: dict[str, Entry]

    @property
    def results(self) -> Results:
        return Results.of(self.config)

    def is_known(self, stage: str, before: str, now: str) -> bool:
        """Whether that was shown already."""
        entry = self.known.get(stage, {})
        return entry.get("recorded") == before and entry.get("now") == now

    def is_by(self, stage: str, before: str, code: str) -> bool:
        """Whether this code is the one that was recorded, or was shown to do the same."""
        return code == before or self.is_known(stage, before, code)


def _outcome(trial: _Trial) -> tuple[str, dict[str, Entry]]:
    """What is to be said of a run, and its entries."""
    name = f"{trial.job.task}/{trial.job.learner}/{trial.job.seed}"
    if not published.is_here(trial.results, trial.job):
        return ABSENT, trial.known  # which counts again when the run comes
    try:
        stages = {"train": _training(trial), "finetune": _judging(trial)}
    except (Refused, Failed) as reason:
        log.info("%s: refused: %s", name, reason)
        return REFUSED, trial.known
    except (Planned, UserError) as reason:
        log.info("%s: planned: %s", name, reason)
        return PLANNED, {}
    found = {stage: entry for stage, entry in stages.items() if entry is not None}
    for stage, entry in found.items():
        log.info("%s: vouched for: %s: %s", name, stage, entry["shown"])
    return (VOUCHED if found else UP_TO_DATE), found


def _training(trial: _Trial) -> Entry | None:
    """The entry of meta-training; None where its code is what it was, or the training is another run's."""
    config, job, path = trial.config, trial.job, trial.results.checkpoint(trial.job)
    if config.training_of(job) != job:
        return None
    _, before = checkpoint.load(path, torch.device("cpu"), CURE)
    now = as_read(identity_of(config, job, config.recipe(job.task, job.learner), trial.device))
    changed = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
    if set(changed) - {"code"}:
        raise Planned(f"its {' and '.join(one for one in changed if one != 'code')} changed, not its code alone")
    if not changed or trial.is_known("train", before["code"], now["code"]):
        return trial.known.get("train") if changed else None
    expected, anew = _prints(trial, before["code"])
    _plan_if(agreement.of_prints(expected, anew, trial.tolerance))
    shown = (
        f"meta-steps {', '.join(anew)} and the scores of {len(list(anew.values())[-1]['scores'])} validation episodes"
    )
    return _entry(trial, before["code"], now["code"], shown) | {"checkpoint": sha256(path)}


def _prints(trial: _Trial, before: str) -> tuple[Fingerprints, Fingerprints]:
    """The fingerprints of the old code, recorded or made here, and those of the new code."""
    if trial.earlier is None:
        record = read_json(trial.results.record(trial.job))
        _check_machine(record.get("machine", {}), trial.tolerance)
        return record.get("fingerprints", {}), first_steps.prints(trial.config, trial.job, trial.device)
    trial.earlier.ask("train", trial.job)
    anew = first_steps.prints(trial.config, trial.job, trial.device)
    code, expected = trial.earlier.training()
    _check_code(trial, "train", before, code)
    return expected, anew


def _judging(trial: _Trial) -> Entry | None:
    """The entry of fine-tuning; None where its code is what it was."""
    config, job, results = trial.config, trial.job, trial.results
    record = read_json(results.evaluation_record(job))
    before = record.get("code", "")
    now = first_steps.judging_code(config, job)
    if before == now or trial.is_known("finetune", before, now):
        return None if before == now else trial.known["finetune"]
    if record.get("recipe", recipe := as_read(asdict(config.recipe(job.task, job.learner)))) != recipe:
        raise Planned("its recipe changed, not its code alone")
    changed = [path for path, digest in record.get("inputs", {}).items() if sha256(path) != digest]
    if changed:
        raise Planned(f"{changed[0]} changed, not its code alone")
    expected, anew = _judgements(trial, before, record)
    _plan_if(agreement.of_scores(expected.scores, anew.scores, trial.tolerance))
    _plan_if(agreement.of_arrays(expected.arrays, anew.arrays, trial.tolerance))
    shown = f"the scores of {len(anew.scores)} test episodes and what figures show"
    return _entry(trial, before, now, shown) | {"scores": sha256(results.score(job))}


def _judgements(trial: _Trial, before: str, record: dict[str, Any]) -> tuple[Judged, Judged]:
    """What the old code comes to, recorded or made here, and what the new code does."""
    config, job, results = trial.config, trial.job, trial.results
    if trial.earlier is None:
        _check_machine(record.get("machine", {}), trial.tolerance)
        recorded = Judged(read_array(results.score(job), CURE), read_arrays(results.figure_data(job), CURE))
        return recorded, first_steps.judged(config, job, trial.device)
    trial.earlier.ask("finetune", job)
    anew = first_steps.judged(config, job, trial.device)
    code, scores, arrays = trial.earlier.judging()
    _check_code(trial, "finetune", before, code)
    return Judged(scores, arrays), anew


def as_read(value: Any) -> Any:
    """What JSON makes of a value: no tuples."""
    return json.loads(json.dumps(value))


def _check_machine(recorded: dict[str, Any], tolerance: float | None) -> None:
    """Bits are compared on one kind of machine."""
    here = machine.facts()
    other = sorted(fact for fact in here if recorded.get(fact) != here[fact])
    if other and tolerance is None:
        raise Refused(
            f"made on another machine ({', '.join(other)}), whose bits differ: give --against, the revision that made "
            "it, or --tolerance, such as 0.001"
        )


def _check_code(trial: _Trial, stage: str, before: str, code: str) -> None:
    """The revision's code is the one that made the run."""
    if trial.earlier is not None and not trial.is_by(stage, before, code):
        raise Refused(f"{stage}: not by the code of {trial.earlier.revision}: give --against the revision that made it")


def _plan_if(difference: str | None) -> None:
    if difference is not None:
        raise Planned(f"the new code does not do the same: {difference} differs")


def _entry(trial: _Trial, before: str, now: str, shown: str) -> Entry:
    agreed = "all bits" if trial.tolerance is None else f"within {trial.tolerance:g}"
    against = {"against": trial.earlier.revision} if trial.earlier else {}
    entry = {"recorded": before, "now": now, "shown": shown, "agreement": agreed, "machine": machine.facts()}
    return entry | against
