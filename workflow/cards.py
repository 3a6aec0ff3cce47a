"""The README.md beside published results: how they were made, and their best checkpoints. A part of `make docs`."""

from pathlib import Path

import pandas as pd

from metascore.config.params import Config, Run
from metascore.files import read_json, sha256
from metascore.report.documents import pipes
from metascore.store import packs
from metascore.store.paths import Results
from metascore.store.selection import best_seeds, best_validation

PAGE = """# Results of budget {budget}

Written by `make docs`. `make adopt` unpacks the [packs](packs) into `runs/` and `scores/`.
`metascore predict TASK/LEARNER` takes the best checkpoint of a task.

- Data: {data}. Split: {split}; no test class occurs in an episode of training or validation.
- Test episodes: {episodes}; frozen, and the same for all learners.
- The checkpoint of a run is the one with the best validation score.
- All learners of a task train for the same time ([recipes](../../params/{budget}.yaml)) on: {machines}.
- Licence: MIT for checkpoints and scores. Omniglot: MIT, Lake, Salakhutdinov and Tenenbaum 2015 (Science
  350(6266):1332-1338); none of its images is here.
- Scores: [tables/scores.md](tables/scores.md), and the pages of [the learners](../../docs/algorithms).

## The best checkpoint of each task and learner

{checkpoints}

`snakemake results/{budget}/scores/TASK/LEARNER/SEED.npy --config budget={budget} --forceall` trains and evaluates one
again.
"""


def wanted(config: Config) -> dict[Path, str]:
    """The page of a published budget, by its file. Unpacks the budget's runs."""
    results = Results.of(config)
    packs.unpack(results.folder)
    best = [Run(task, learner, seed) for (task, learner), seed in sorted(best_seeds(config).items())]
    facts = {
        "data": ", ".join(dict.fromkeys(problem.data(synthetic=False) for problem in config.tasks.values())),
        "machines": ", ".join(sorted({read_json(results.record(run))["device"] for run in best})),
        "checkpoints": pipes(pd.DataFrame([_row(config, results, run) for run in best])),
    }
    episodes, split = config.test_counts(), config.split_names()
    return {results.folder / "README.md": PAGE.format(budget=config.budget, episodes=episodes, split=split, **facts)}


def _row(config: Config, results: Results, run: Run) -> dict[str, str]:
    scale = config.tasks[run.task].scale
    return {
        "task": run.task,
        "learner": f"[{run.learner}](packs/{run.learner}.safetensors)",
        "seed": str(run.seed),
        "validation": f"{scale.factor * best_validation(config, run):.{scale.digits}f}{scale.unit}",
        "SHA-256": f"`{sha256(results.checkpoint(run))[:16]}`",
    }
