# %% [markdown]
# # 5. A learner of your own, from the idea to the table
#
# An idea, forty lines, and at the end a row in the table beside the others, evaluated on the same episodes. The idea of this page
# is that of Gidaris and Komodakis (2018): classify by the *angle* between features, as prototypical networks do by the
# distance.
#
# $$w_n = \text{mean over the support images } x \text{ of class } n \text{ of } \frac{f(x)}{\lVert f(x)\rVert}$$
#
# $$p(n \mid x) = \text{softmax over } n \text{ of } \tau \cos(f(x), w_n)$$
#
# The encoder $f$ and the number $\tau$ are learned, from the queries of many training episodes.
#
# You would write your learner in your clone. This page works in a copy; `shell` runs the commands that you would type.

# %%
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import yaml

ROOT = Path.cwd()  # the project's folder
copy = Path(tempfile.mkdtemp()) / "metascore"
copy.mkdir()
for name in ("Snakefile", "params.yaml", "params", "profiles", "workflow", "src", "docs"):
    if (ROOT / name).is_dir():
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / name, copy)
PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def shell(command, status=0):
    """What a command says in the copy."""
    environment = os.environ | {"PATH": PROGRAMS, "PYTHONPATH": "src"}
    done = subprocess.run(
        command.split(),
        cwd=copy,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout.replace(f"{copy}/", "")


# %% [markdown]
# ## Begin
#
# One command writes a file that works (it is a small prototypical network), an entry in `params.yaml` (and a row in each budget
# that needs one), and a page. The name of the file is the name of the learner: there is no list to add it to.

# %%
print(shell("metascore new-learner angle"))

# %% [markdown]
# ## The forty lines
#
# A learner is a frozen dataclass of pure functions, written for **one** episode; the trainer maps them over many with
# `torch.func.vmap`. Four methods are all:
#
# - `initialise` makes every tensor of the learner, from a generator that it is given.
# - `meta_loss` is what meta-training lowers: here, adapt to the support set, then ask about the queries.
# - `adapt` yields the state after 0, 1, ..., `steps` steps. One pass is enough here: the state is the same after each.
# - `predict` answers queries with logits.
#
# Fields are the hyper-parameters: `width` and `initial_scale` can be set in `params.yaml`. The class variables
# declare properties of the learner, which the checks test.

# %%
LEARNER = '''
"""Classification by angle: Gidaris and Komodakis 2018, "Dynamic few-shot visual learning without forgetting"."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import torch
from torch.nn.functional import normalize, one_hot

from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.networks.encoder import ConvolutionalEncoder


@dataclass(frozen=True, kw_only=True)
class Angle(AbstractLearner):
    """Learns an embedding in which a class is a direction."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Gidaris and Komodakis 2018, arXiv:1804.09458"
    relabelling_permutes: ClassVar[bool] = True
    normalisation = "transductive"  # the encoder normalises a batch by its own statistics

    width: int  # filters a layer
    initial_scale: float = 10.0  # tau before meta-training

    @cached_property
    def encoder(self):
        return ConvolutionalEncoder(self.width, "stride", self.problem.example)

    def initialise(self, generator):
        return self.encoder.initialise(generator) | {"scale": torch.tensor(self.initial_scale)}

    def meta_loss(self, params, episode, phase):
        state = last(self.adapt(params, episode.support, 0))
        return MetaLoss(self.problem.loss(partial(self.predict, state), episode.query))

    def adapt(self, params, support, steps):
        features = normalize(self.encoder(params, support.x))
        classes = one_hot(support.y, self.problem.way).to(features.dtype)
        for _ in range(steps + 1):
            yield params, classes.T @ features

    def predict(self, adapted, x):
        params, weights = adapted
        return params["scale"] * normalize(self.encoder(params, x)) @ normalize(weights).T
'''
file = copy / "src/metascore/learners/angle.py"
file.write_text(LEARNER.lstrip())
print(len([line for line in LEARNER.splitlines() if line.strip()]), "lines")

# %% [markdown]
# ## Check it
#
# Say we had returned probabilities instead of logits, as is easily done:

# %%
RIGHT = 'params["scale"] * normalize(self.encoder(params, x)) @ normalize(weights).T'
file.write_text(LEARNER.lstrip().replace(RIGHT, f"({RIGHT}).softmax(1)"))
message = shell("metascore check angle --budget smoke", status=1)
print(message)
assert "logits" in message

# %% [markdown]
# Each fault is one line: what is wrong, and how to mend it. Devices, randomness, changes in place and data-dependent control flow
# are tried as well. As it was:

# %%
file.write_text(LEARNER.lstrip())
print(shell("metascore check angle --budget smoke"))

# %% [markdown]
# ## Into the table
#
# `new-learner` left its entry with `width: 64` and a training of its own, to be replaced by what your paper says. What runs, and how
# long, is a budget's matter. This page makes a small one of three learners; `null` leaves a learner out. In your clone, after
# `make run`, `metascore calibrate angle` measures how many iterations fill the seconds that the budget `quick` gives every
# learner, and writes them down; then `snakemake` makes your learner's runs and the report.

# %%
entries = yaml.safe_load((copy / "params.yaml").read_text())["learners"]
shown = {"chance": {}, "protonet": {"training": {"way": 5, "query": 5}}, "angle": {}}
budget = {
    "tasks": ["omniglot_5w1s"],
    "seeds": [0, 1],
    "episodes": {"train": 2000, "validation": 50, "test": 200},
    "learners": {
        "all": {"width": 16, "downsample": "stride"}
        | {"training": {"iterations": 150, "meta_batch": 4, "meta_lr": 0.004, "schedule": "cosine", "validations": 3}}
    }
    | {name: shown.get(name) for name in entries},
}
(copy / "params/tutorial.yaml").write_text(yaml.safe_dump(budget, sort_keys=False))
print(shell("snakemake -n --config budget=tutorial"))

# %%
shell("snakemake --cores 2 --quiet all --config budget=tutorial")
table = pd.read_csv(copy / "results/tutorial/tables/scores.csv").set_index("learner")
columns = ["rank_low", "rank_high", "score", "metascore", "metascore_low", "metascore_high", "batch_norm"]
print(table[columns].round(2).replace(-0.0, 0.0).to_string())

# %% [markdown]
# 150 iterations of a narrow network say little about either method, but the row is whole: ranks are intervals, as
# MetaScore is, from seeds and episodes together; the column `batch_norm` says that `angle` sees all queries at once and
# `protonet` one at a time, which is an easier task for `angle`. To compare the two fairly, make yours inductive, as
# [`learners/protonet.py`](../../../src/metascore/learners/protonet.py) does with running statistics.
#
# Its learning curve is in `results/tutorial/runs/omniglot_5w1s/angle/0/training.csv`:

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for name in ("protonet", "angle"):
    curve = pd.read_csv(copy / f"results/tutorial/runs/omniglot_5w1s/{name}/0/training.csv")
    axes.plot(curve["iteration"], curve["validation"], "o-", label=name)
axes.set(xlabel="iteration", ylabel="accuracy on validation episodes")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## Change it
#
# Each finished run stores its key, which contains the digest of the learner's own file. A change of that file reruns this
# learner and the report, and nothing else:

# %%
file.write_text(LEARNER.lstrip().replace("10.0", "20.0"))
plan = shell("snakemake -n --config budget=tutorial")
print(plan)
assert "angle" in plan and "protonet" not in plan

# %%
shutil.rmtree(copy.parent)

# %% [markdown]
# What remains is to fill the page in `docs/algorithms/` (equation, source, where each number comes from, departures from the
# paper), and to add annotations of shapes as the learners here have them: tests check them at every call. To keep your learner
# in a repository of its own, begin with `metascore new-learner angle --package ../angle` instead.
# [Your own learner](../../guides/your_own_learner.md) has the rest.
#
# **Try:** one more field, `temperature_learned: bool = True`, that leaves $\tau$ as it is when false (`.detach()` does it). Is it worth
# anything?
