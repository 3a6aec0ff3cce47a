"""Stage `finetune`: adapt a meta-trained learner on every frozen test episode, and judge it after each step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from metascore.config.params import Config, Run
from metascore.config.recipe import Training
from metascore.errors import UserError
from metascore.files import sha256, write_array, write_json
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.orchestration import devices
from metascore.store import checkpoint, inputs
from metascore.training import machine
from metascore.training.evaluation import adaptation_curve, measured

SCORES = Path("results/scores")


def run(config: Config, job: Run) -> None:
    """Write results/scores/{task}/{learner}/{seed}.npy: float32 (test episode, adaptation step 0..10).

    {seed}.json beside it says what it was judged on: `inputs`, the files of images and episodes with their SHA-256.
    """
    with devices.claimed(), machine.prepared() as device:
        scores = _scores(config, job, device)
    stem = SCORES / job.task / job.learner / str(job.seed)
    write_array(f"{stem}.npy", scores)
    judged_on = inputs.input_files([config.test_shape(job.task)])
    write_json(f"{stem}.json", {"inputs": {str(path): sha256(path) for path in judged_on}})


def trained(config: Config, job: Run, device: torch.device) -> tuple[AbstractLearner, Params]:
    """A run's learner, for test episodes, and what it learned. Raises UserError when its recipe has changed since."""
    recipe = config.recipe(job.task, job.learner)
    path = checkpoint.folder(job) / "checkpoint.safetensors"
    params, identity = checkpoint.load(path, device, "delete its folder and run the same command again")
    if identity.get("recipe") != recipe:
        raise UserError(f"{path}: trained by another recipe than params.yaml gives: run `metascore train` again")
    problem = inputs.problem(config.test_shape(job.task))
    return base.load(recipe["learner"], problem, recipe["hyper_parameters"]), params


def _scores(config: Config, job: Run, device: torch.device) -> np.ndarray:
    learner, params = trained(config, job, device)
    shape = config.test_shape(job.task)
    episodes = inputs.read_episodes(shape, inputs.read_images(shape, device))
    chunk_size = Training(**config.recipe(job.task, job.learner)["training"]).chunk_size
    return measured(adaptation_curve, learner, params, episodes, chunk_size)
