"""Stage `finetune`: adapt a meta-trained learner on every frozen test episode, and judge it after each step."""

from __future__ import annotations

from dataclasses import asdict

import torch

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import sha256, write_array, write_arrays, write_json
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.orchestration import devices
from metascore.orchestration.provenance import stage_code
from metascore.problems.base import Problem
from metascore.store import checkpoint, inputs
from metascore.store.paths import Results
from metascore.training import machine
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.misled import misled
from metascore.training.portraits import portrait
from metascore.training.replay import Recorder


def run(config: Config, job: Run) -> None:
    """Write {seed}.npy into results/{budget}/scores/{task}/{learner}/: float32 (test episode, adaptation step 0..10).

    Beside it {seed}.npz, what figures show of the run (`training.portraits`) and, of the first seed, a control
    (`training.misled`); and {seed}.json, what it was judged on and by what: `inputs`, the files of images and episodes
    with their SHA-256, the digest of the `code`, and the `machine`.
    """
    results, file = Results.of(config.budget), config.test_file(job.task)
    with devices.claimed(), machine.prepared() as device:
        (sized,) = inputs.sized([file])
        learner, params = trained(config, job, sized.problem, device)
        (episodes,) = inputs.read_episodes([sized], device)
        chunk_size = config.recipe(job.task, job.learner).training.chunk_size
        recorder = Recorder()
        scores = measured(adaptation_curve, learner, params, episodes, chunk_size, recorder)
        is_control = job.seed == min(config.seeds)  # one seed of each learner tells what another would
        control = misled(learner, params, episodes, chunk_size, recorder) if is_control else {}
        shown = control | portrait(learner, params, episodes)
    write_array(results.score(job), scores)
    write_arrays(results.portrait(job), shown)
    judged_on = {str(path): sha256(path) for path in inputs.input_files([file])}
    code = stage_code("finetune", config.entries[job.learner].file, config.tasks[job.task].name)
    write_json(results.judged(job), {"inputs": judged_on, "code": code, "machine": machine.facts()})


def trained(config: Config, job: Run, problem: Problem, device: torch.device) -> tuple[AbstractLearner, Params]:
    """A run's learner, for test episodes, and what it learned. Raises UserError when its recipe has changed since."""
    recipe = config.recipe(job.task, job.learner)
    path = Results.of(config.budget).checkpoint(job)
    params, identity = checkpoint.load(path, device, "delete its folder and run the same command again")
    if identity.get("recipe") != asdict(recipe):
        raise UserError(f"{path}: trained by another recipe than params.yaml gives: run `metascore train` again")
    return base.load(recipe.learner, problem, recipe.hyper_parameters), params
