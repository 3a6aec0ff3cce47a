"""The cards of published results: a part of `make docs`."""

from pathlib import Path
from typing import Any

from metascore.config.params import Config, Run
from metascore.files import read_json, sha256
from metascore.report import cards
from metascore.report.cards import Checkpoint, Facts
from metascore.report.measured import Measured
from metascore.report.page_blocks import page_block
from metascore.store import packs
from metascore.store.paths import Results
from metascore.store.selection import best_seeds, best_validation


def wanted(config: Config, measured: Measured) -> dict[Path, str]:
    """The card of each learner that trains, by its file. Unpacks the budget's runs."""
    results = Results.of(config)
    packs.unpack(results.folder)
    best = best_seeds(config)
    trainings: dict[str, dict[Run, None]] = {}
    for run in config.runs():
        training = config.training_of(run)
        if (training.task, training.learner) in best:
            trainings.setdefault(run.learner, {})[training] = None
    return {
        results.folder / "cards" / f"{learner}.md": _card(config, measured, learner, list(runs))
        for learner, runs in trainings.items()
    }


def _card(config: Config, measured: Measured, learner: str, trainings: list[Run]) -> str:
    records = [_record(config, run) for run in trainings]
    tasks = [run.task for run in config.runs() if run.learner == learner]
    facts = Facts(
        budget=config.budget,
        data=", ".join(dict.fromkeys(config.tasks[task].data(synthetic=False) for task in tasks)),
        split=config.split_names(),
        episodes=config.test_counts(),
        machines=", ".join(sorted({record["device"] for record in records})),
    )
    page = config.entries[learner].file.rpartition(".")[2]
    best = best_seeds(config)
    checkpoints = [_checkpoint(config, run, best[run.task, run.learner]) for run in trainings]
    return cards.card(learner, page, facts, page_block(measured, learner), records[0]["axes"], checkpoints)


def _checkpoint(config: Config, training: Run, best_seed: int) -> Checkpoint:
    scale = config.tasks[training.task].scale
    return Checkpoint(
        training,
        digest=sha256(Results.of(config).checkpoint(training)),
        validation=f"{scale.factor * best_validation(config, training):.{scale.digits}f}{scale.unit}",
        is_best=training.seed == best_seed,
    )


def _record(config: Config, run: Run) -> dict[str, Any]:
    return dict(read_json(Results.of(config).record(run)))
