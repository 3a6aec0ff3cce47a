"""Stage `finetune`: adapt a meta-trained learner to every frozen test episode, and score it after each step."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import write_array, write_arrays, write_json
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.base import Problem
from metascore.problems.examples import Episodes
from metascore.store import checkpoint, inputs, run_key
from metascore.store.paths import Results
from metascore.training import devices, machine
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.figure_data import figure_data
from metascore.training.label_permutation import label_permutation_control
from metascore.training.replay import Recorder

log = logging.getLogger(__name__)


def run(config: Config, jobs: Sequence[Run]) -> None:
    """Write {seed}.npy into results/{budget}/scores/{task}/{learner}/: float32 (test episode, adaptation step 0..10).

    Beside it {seed}.npz, what figures show of the run (`training.figure_data`) and, of the first seed, the label
    permutation control; and {seed}.json, the evaluation record: the run's key, its machine, its `axes`. `jobs` are the
    seeds of one task and learner; a seed whose files are there with the right key is not evaluated again.
    """
    results = Results.of(config)
    waiting = [job for job in jobs if not _is_done(config, results, job)]
    if not waiting:
        return
    file = config.test_file(jobs[0].task)
    with devices.claimed(), machine.prepared() as device:
        (sized,) = inputs.sized([file])
        (episodes,) = inputs.read_episodes([sized], device)
        for job in waiting:
            _evaluate(config, job, sized.problem, episodes, device)


def _is_done(config: Config, results: Results, job: Run) -> bool:
    found = run_key.difference(run_key.stored_evaluation_key(results, job), run_key.evaluation_key(config, job))
    if found is None:
        log.info("%s/%s/%d: is done", job.task, job.learner, job.seed)
    return found is None


def _evaluate(config: Config, job: Run, problem: Problem, episodes: Episodes, device: torch.device) -> None:
    results, key = Results.of(config), run_key.with_inputs(run_key.evaluation_key(config, job))
    learner, params = trained(config, job, problem, device)
    chunk_size = config.recipe(job.task, job.learner).training.chunk_size
    recorder = Recorder()
    scores = measured(adaptation_curve, learner, params, episodes, chunk_size, recorder)
    is_control = job.seed == min(config.seeds)  # one seed of each learner is enough
    control = label_permutation_control(learner, params, episodes, chunk_size, recorder) if is_control else {}
    write_array(results.score(job), scores)
    write_arrays(results.figure_data(job), control | figure_data(learner, params, episodes))
    write_json(results.evaluation_record(job), {"key": key, "machine": machine.facts(), "axes": learner.axes()})


def trained(config: Config, job: Run, problem: Problem, device: torch.device) -> tuple[AbstractLearner, Params]:
    """A run's learner, for test episodes, and what it learned.

    Raises UserError when its recipe has changed since, or it was trained on a task of another form.
    """
    results, recipe, training = Results.of(config), config.recipe(job.task, job.learner), config.training_of(job)
    path = results.checkpoint(job)
    params, _ = checkpoint.load(path, device, "delete its folder and run the same command again")
    changed = run_key.difference(run_key.stored_training_key(results, training), run_key.training_key(config, training))
    if changed is not None:
        raise UserError(f"{path}: not what params.yaml asks for ({changed}): run `metascore train` again")
    learner = base.load(recipe.learner, problem, recipe.hyper_parameters)
    if training != job and not base.matches_checkpoint(learner, params):
        raise UserError(
            f"{job.task}/{job.learner}: the checkpoint of {training.task}/{training.learner} has another form: give it "
            f"a training of its own, by `{job.learner}: null` in `trained_on` of budget {config.budget}"
        )
    return learner, params
