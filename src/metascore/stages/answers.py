"""What the code of another revision makes of runs: run as a script by `stages.earlier`, with `metascore` from there.

So it may use only what that code has too. Reads questions from standard input, a line of JSON each, and answers each by
a line; arrays go into a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

from metascore.config import loading
from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import write_arrays
from metascore.stages import first_steps
from metascore.stages.train import identity_of
from metascore.training import machine

SCORES = "scores of test episodes"  # beside the names of what figures show


def main(params: str, budget: str, arrays: str) -> None:
    """Answer until there are no questions."""
    config = loading.load(params, budget)
    with machine.prepared() as device:
        for line in sys.stdin:
            question = json.loads(line)
            try:
                answer = _answer(config, Run(**question["job"]), question["stage"], device, Path(arrays))
            except UserError as error:
                answer = {"error": str(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _answer(config: Config, job: Run, stage: str, device: torch.device, arrays: Path) -> dict[str, Any]:
    """The digest of the code, and what it makes of a run at this stage."""
    if stage == "train":
        code = identity_of(config, job, config.recipe(job.task, job.learner), device)["code"]
        return {"code": code, "prints": first_steps.prints(config, job, device)}
    scores, shown = first_steps.judged(config, job, device)
    write_arrays(arrays, {SCORES: scores, **shown})
    return {"code": first_steps.judging_code(config, job)}


if __name__ == "__main__":
    main(*sys.argv[1:])
