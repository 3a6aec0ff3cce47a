"""The cards of published results, and dvc.yaml beside them, which names the best checkpoints: parts of `make docs`."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from metascore.config.params import Config, Run
from metascore.files import read_json, sha256
from metascore.report import cards
from metascore.report.cards import Checkpoint, Facts
from metascore.report.measured import Measured
from metascore.report.page_blocks import page_block
from metascore.store.paths import Results


class NoAliases(yaml.SafeDumper):
    """Says the same thing twice rather than refer to it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


HEAD = "# Written by `make docs`: results that git keeps, and the names that `metascore predict` takes.\n"


def wanted(config: Config, measured: Measured) -> dict[Path, str]:
    """Each file of a published budget as it should be."""
    results = Results.of(config)
    found = {learner: _checkpoints(config, learner) for learner in dict.fromkeys(run.learner for run in config.runs())}
    trained = {learner: some for learner, some in found.items() if some}
    pages = {results.folder / "cards" / f"{name}.md": _card(config, measured, name, trained[name]) for name in trained}
    scores = {(row["task"], row["learner"]): row["score"] for row in measured.scores.to_dict("records")}
    own = {
        name: [one for one in some if (one.task, name) not in config.shares_training] for name, some in trained.items()
    }
    named = yaml.dump(cards.pipeline(config.budget, own, scores), Dumper=NoAliases, sort_keys=False, width=120)
    return pages | {results.folder / "dvc.yaml": HEAD + named}


def _card(config: Config, measured: Measured, learner: str, checkpoints: list[Checkpoint]) -> str:
    records = [_record(config, Run(one.task, learner, one.seed)) for one in checkpoints]
    facts = Facts(
        budget=config.budget,
        data=", ".join(dict.fromkeys(config.tasks[one.task].data(synthetic=False) for one in checkpoints)),
        split=config.split_names(),
        episodes=config.test_counts(),
        machines=", ".join(sorted({record["device"] for record in records})),
    )
    page = config.entries[learner].file.rpartition(".")[2]
    return cards.card(learner, page, facts, page_block(measured, learner), records[0]["axes"], checkpoints)


def _checkpoints(config: Config, learner: str) -> list[Checkpoint]:
    """Those of a learner that trains, the best of each task marked."""
    runs = [run for run in config.runs() if run.learner == learner and _record(config, run)["iterations"]]
    return [_checkpoint(config, run, [one for one in runs if one.task == run.task]) for run in runs]


def _checkpoint(config: Config, run: Run, rivals: list[Run]) -> Checkpoint:
    results, scale = Results.of(config), config.tasks[run.task].scale
    choose = max if scale.higher_is_better else min
    path, reached = results.checkpoint(run), _validation(config, run)
    return Checkpoint(
        task=run.task,
        seed=run.seed,
        path=path.relative_to(results.folder),
        digest=sha256(path),
        validation=f"{scale.factor * reached:.{scale.digits}f}{scale.unit}",
        is_best=run == choose(rivals, key=lambda one: _validation(config, one)),
    )


def _validation(config: Config, run: Run) -> float:
    """The best that a run reached."""
    reached = pd.read_csv(Results.of(config).training(run))["validation"]
    return float(reached.max() if config.tasks[run.task].scale.higher_is_better else reached.min())


def _record(config: Config, run: Run) -> dict[str, Any]:
    return dict(read_json(Results.of(config).record(run)))
