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
from metascore.training.figure_data import figure_data
from metascore.training.label_permutation import label_permutation_control
from metascore.training.replay import Recorder


def run(config: Config, job: Run) -> None:
    """Write {seed}.npy into results/{budget}/scores/{task}/{learner}/: float32 (test episode, adaptation step 0..10).

    Beside it {seed}.npz, what figures show of the run (`training.portraits`; of the episodes: `store.shown`) and, of
    the first seed, a control (`training.misled`); and {seed}.json, what it was judged on and by what: `inputs`, the
    files of images and episodes with their SHA-256, the digest of the `code`, the `machine`; the `recipe` and its
    `axes` where its training is another run's.
    """
    results, file = Results.of(config), config.test_file(job.task)
    with devices.claimed(), machine.prepared() as device:
        (sized,) = inputs.sized([file])
        learner, params = trained(config, job, sized.problem, device)
        (episodes,) = inputs.read_episodes([sized], device)
        chunk_size = config.recipe(job.task, job.learner).training.chunk_size
        recorder = Recorder()
        scores = measured(adaptation_curve, learner, params, episodes, chunk_size, recorder)
        is_control = job.seed == min(config.seeds)  # one seed of each learner tells what another would
        control = label_permutation_control(learner, params, episodes, chunk_size, recorder) if is_control else {}
        shown = control | figure_data(learner, params, episodes)
    write_array(results.score(job), scores)
    write_arrays(results.figure_data(job), shown)
    judged_on = {str(path): sha256(path) for path in inputs.input_files([file])}
    code = stage_code("finetune", config.entries[job.learner].file, config.tasks[job.task].name)
    said = {"inputs": judged_on, "code": code, "machine": machine.facts()}
    if config.training_of(job) != job:  # else its record and checkpoint say so
        said |= {"axes": learner.axes(), "recipe": asdict(config.recipe(job.task, job.learner))}
    write_json(results.evaluation_record(job), said)


def trained(config: Config, job: Run, problem: Problem, device: torch.device) -> tuple[AbstractLearner, Params]:
    """A run's learner, for test episodes, and what it learned.

    Raises UserError when its recipe has changed since, or it was trained on a task of another form.
    """
    recipe, training = config.recipe(job.task, job.learner), config.training_of(job)
    path = Results.of(config).checkpoint(job)
    params, identity = checkpoint.load(path, device, "delete its folder and run the same command again")
    if identity.get("recipe") != asdict(config.recipe(training.task, training.learner)):
        raise UserError(f"{path}: trained by another recipe than params.yaml gives: run `metascore train` again")
    learner = base.load(recipe.learner, problem, recipe.hyper_parameters)
    if training != job and not base.matches_checkpoint(learner, params):
        raise UserError(
            f"{job.task}/{job.learner}: what {training.task}/{training.learner} learned is of another form: give it a "
            f"training of its own, by `{job.learner}: null` in `trained_on` of budget {config.budget}"
        )
    return learner, params
