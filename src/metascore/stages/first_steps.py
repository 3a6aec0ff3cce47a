"""What a run's first meta-steps and first test episodes come to with the code of today. Writes no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from metascore.config.params import Config, Run
from metascore.files import sha256
from metascore.orchestration.provenance import stage_code
from metascore.randomness import generator
from metascore.stages.finetune import trained
from metascore.stages.train import setting_of
from metascore.store import inputs
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.figure_data import figure_data
from metascore.training.fingerprints import Fingerprints, marks
from metascore.training.label_permutation import label_permutation_control
from metascore.training.loop import beginning, meta_train
from metascore.training.replay import Recorder


class Judged(NamedTuple):
    """What a run's test comes to."""

    scores: np.ndarray  # float32 (test episode, adaptation step)
    arrays: dict[str, np.ndarray]  # all that is written beside the scores


def prints(config: Config, job: Run, device: torch.device) -> Fingerprints:
    """The fingerprints of a training, up to its last mark."""
    setting = setting_of(config, job, config.recipe(job.task, job.learner), device)
    last = marks(setting.recipe.iterations)[-1]
    start = beginning(setting.learner, generator(job.seed, "initial parameters"), device)
    for snapshot in meta_train(setting, start, _after(last)):
        if snapshot.iteration >= last:
            return snapshot.fingerprints
    raise AssertionError("a training ends after its last mark")


def judged(config: Config, job: Run, device: torch.device) -> Judged:
    """The scores of the first chunk of test episodes, and all arrays."""
    (file,) = inputs.sized([config.test_file(job.task)])
    learner, params = trained(config, job, file.problem, device)
    (episodes,) = inputs.read_episodes([file], device)
    size = config.recipe(job.task, job.learner).training.chunk_size
    first = size or learner.problem.chunk_size  # a whole chunk: its size may decide the order of sums
    recorder = Recorder()
    scores = measured(adaptation_curve, learner, params, episodes, size, recorder, first)
    control = (
        label_permutation_control(learner, params, episodes, size, recorder) if job.seed == min(config.seeds) else {}
    )
    return Judged(scores, control | figure_data(learner, params, episodes))


def judging_code(config: Config, job: Run) -> str:
    """The digest of the code that judges a run."""
    return stage_code("finetune", config.entries[job.learner].file, config.tasks[job.task].name)


def judged_on(config: Config, job: Run) -> dict[str, str]:
    """The files that a run is judged on, with their digests."""
    return {str(path): sha256(path) for path in inputs.input_files([config.test_file(job.task)])}


def _after(steps: int) -> Callable[[], bool]:
    """A function that says yes when it is asked after so many meta-steps, once."""
    asked = 0

    def is_time() -> bool:
        nonlocal asked
        asked += 1
        return asked == steps

    return is_time
