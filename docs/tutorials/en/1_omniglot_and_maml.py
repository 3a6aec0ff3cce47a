# %% [markdown]
# # 1. Omniglot: an episode, and MAML's two loops
#
# Omniglot (Lake, Salakhutdinov and Tenenbaum 2015) has 1623 characters of 50 alphabets, each drawn once by 20 people. That
# is hopeless for ordinary classification: 20 images a class. Few-shot learning asks another question: having seen *many
# other* characters, how well do you tell five new ones apart after seeing each of them once?
#
# The question comes in **episodes**. An N-way K-shot Q-query episode has N classes; K labelled images of each are the
# **support set**, to adapt on; Q others of each are the **query set**, to be evaluated on. Here N = 5, K = 1, Q = 5.
#
# Run this page from the project's folder, after `make setup`.

# %%
import logging
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.func import grad, vmap
from torch.nn import functional

from metascore.config.loading import load
from metascore.learners import base
from metascore.problems.omniglot import Omniglot
from metascore.stages import data

logging.disable()
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

# %% [markdown]
# The images: those of the last `make run`, or fetched now, or synthetic glyphs where Omniglot is out of reach.

# %%
if Path("data/omniglot/images.npy").exists():
    images = np.load("data/omniglot/images.npy")
else:
    found = data.obtain(load("params.yaml").data, Path("data/downloads"))
    images = found.images
print(f"{images.shape[0]} characters, {images.shape[1]} drawers, {images.shape[2]} x {images.shape[3]} pixels")

# %% [markdown]
# ## An episode by hand
#
# Characters are divided once into those for training, validation and test; here simply by number. An episode draws five
# characters, turns each by a random number of quarter turns (which makes four classes of each character, as in the MAML
# paper), and gives each class its own drawers.

# %%
WAY, SHOT, QUERY = 5, 1, 5
random = np.random.default_rng(0)
train_characters, test_characters = np.split(random.permutation(len(images)), [1200])


def draw(characters):
    """Images (way, shot + query, 28, 28) of one episode."""
    chosen = random.choice(characters, WAY, replace=False)
    classes = []
    for character in chosen:
        drawers = random.permutation(20)[: SHOT + QUERY]
        classes.append(np.rot90(images[character, drawers], random.integers(4), axes=(1, 2)))
    return np.stack(classes)


def show(episode):
    figure, axes = plt.subplots(WAY, SHOT + QUERY, figsize=(6, 5))
    for axis, image in zip(axes.flat, episode.reshape(-1, 28, 28), strict=True):
        axis.imshow(image, cmap="gray_r")
        axis.set(xticks=[], yticks=[])
    axes[0, 0].set_title("support")
    axes[0, 1].set_title("query")
    for label, axis in enumerate(axes[:, 0]):
        axis.set_ylabel(label, rotation=0, labelpad=12)
    figure.tight_layout()


show(draw(test_characters))

# %% [markdown]
# Each row is a class. Its label, 0 to 4, means nothing outside this episode: no learner can learn "class 3" in training.
#
# ## The same by the package
#
# In the benchmark episodes are drawn once, written to files and shared by all learners and seeds, so that comparisons are
# paired. `Omniglot` is the problem; its rows say who is in an episode; `batch` gathers the images, shot by shot: the first N
# support examples are one of each class.

# %%
problem = Omniglot(way=WAY, shot=SHOT, query=QUERY)
rows = problem.draw_among(sorted(test_characters.tolist()), "test", count=100, rotate=True, seed=0)
print(rows.dtype.names, "of the first episode:", rows[0]["character"], rows[0]["rotation"])
episodes = problem.episodes(rows, torch.from_numpy(images))
batch = episodes.batch(np.arange(4))
print("support", tuple(batch.support.x.shape), "query", tuple(batch.query.x.shape), "(episode, example, 28, 28, 1)")
print("labels of the support set", batch.support.y[0].tolist(), "of the query set", batch.query.y[0].tolist())

# %% [markdown]
# ## MAML in thirty lines
#
# MAML (Finn, Abbeel and Levine 2017) has two loops. The **inner loop** adapts to one episode: gradient descent on the
# support set, from the initialisation $\theta$. The **outer loop** changes $\theta$ such that the *adapted* network is
# right about the query set:
#
# $$\theta_{k+1} = \theta_k - \alpha \nabla L_{support}(\theta_k), \quad \theta_0 = \theta
# \qquad\qquad \min_\theta \; \textstyle\sum_{episodes} L_{query}(\theta_K)$$
#
# The network has four 3 x 3 convolutions of stride 2, each with batch norm (whose statistics are those of the batch at
# hand: *transductive*, an axis that every table of the benchmark states) and ReLU, then a linear layer.


# %%
def network(theta, x):
    x = x.movedim(-1, -3)
    for layer in range(1, 5):
        weight = theta[f"conv{layer}.weight"]
        kernels = weight.reshape(len(weight), 3, 3, -1).movedim(-1, 1)
        x = functional.conv2d(x, kernels, stride=2, padding=1)
        mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
        gain, bias = theta[f"norm{layer}.gain"], theta[f"norm{layer}.bias"]
        x = (x - mean) / (variance + EPSILON).sqrt() * gain[:, None, None] + bias[:, None, None]
        x = x.relu()
    return x.movedim(-3, -1).flatten(1) @ theta["head.weight"] + theta["head.bias"]


def loss(theta, examples):
    return functional.cross_entropy(network(theta, examples.x), examples.y)


def adapt(theta, support, steps):
    """The inner loop. As in the official code, gain and bias of batch norm are not adapted."""
    for _ in range(steps):
        fast = {name: value for name, value in theta.items() if not name.startswith("norm")}
        gradient = grad(lambda fast, theta=theta: loss(theta | fast, support))(fast)
        theta = theta | {name: theta[name] - ALPHA * gradient[name] for name in fast}
    return theta


def meta_loss(theta, episode):
    return loss(adapt(theta, episode.support, STEPS), episode.query)


def outer_step(theta, optimiser, batch):
    """One step of the outer loop: the mean gradient over a meta-batch of episodes."""
    gradient = grad(lambda theta: vmap(meta_loss, (None, 0))(theta, batch).mean())(theta)
    for name, value in theta.items():
        value.grad = gradient[name]
    optimiser.step()


# %% [markdown]
# ## The same numbers?
#
# The package's MAML is one file, [`learners/maml.py`](../../../src/metascore/learners/maml.py), with its convolutions
# written for speed. From the same tensors it must give the same meta-loss and the same meta-gradient.

# %%
ALPHA, STEPS, WIDTH, EPSILON = 0.4, 1, 16, 1e-3
learner = base.load(
    "maml", problem, {"width": WIDTH, "inner_lr": ALPHA, "train_steps": STEPS, "test_steps": 3, "first_order": False}
)
theta = {name: value.double() for name, value in learner.initialise(torch.Generator().manual_seed(0)).items()}


def in_double(part):
    return part._replace(x=part.x.double())


def double(episode):
    return episode._replace(support=in_double(episode.support), query=in_double(episode.query))


batch = double(batch)
ours = vmap(meta_loss, (None, 0))(theta, batch)
theirs = vmap(lambda theta, episode: learner.meta_loss(theta, episode, None).value, (None, 0))(theta, batch)
print("meta-losses of four episodes", [f"{value:.6f}" for value in ours.tolist()])
assert torch.allclose(ours, theirs, atol=1e-9, rtol=0)

our_gradient = grad(lambda theta: vmap(meta_loss, (None, 0))(theta, batch).mean())(theta)
their_gradient = grad(
    lambda theta: vmap(lambda t, e: learner.meta_loss(t, e, None).value, (None, 0))(theta, batch).mean()
)(theta)
largest = max((our_gradient[name] - their_gradient[name]).abs().max().item() for name in theta)
print(f"largest difference of the meta-gradients: {largest:.1e}")
assert largest < 1e-9

# %% [markdown]
# ## A short training
#
# A hundred outer steps of four episodes, then 100 episodes of characters that were never seen. After each number of
# inner steps, how many queries are right? Chance is 20 %.

# %%
torch.set_default_dtype(torch.float32)
train_rows = problem.draw_among(sorted(train_characters.tolist()), "train", count=400, rotate=True, seed=0)
train_episodes = problem.episodes(train_rows, torch.from_numpy(images))
theta = learner.initialise(torch.Generator().manual_seed(0))
before = theta
theta = {name: value.clone().requires_grad_() for name, value in theta.items()}
optimiser = torch.optim.Adam(theta.values(), lr=0.005)
for step in range(100):
    outer_step(theta, optimiser, train_episodes.batch(np.arange(4 * step, 4 * step + 4)))
theta = {name: value.detach() for name, value in theta.items()}


def accuracy(theta, steps):
    def right(episode):
        adapted = adapt(theta, episode.support, steps)
        return (network(adapted, episode.query.x).argmax(1) == episode.query.y).double().mean()

    return vmap(right, chunk_size=20)(episodes.batch(np.arange(100))).mean().item()


curves = {name: [accuracy(weights, k) for k in range(4)] for name, weights in (("before", before), ("after", theta))}
figure, axes = plt.subplots(figsize=(6, 3))
for name, curve in curves.items():
    print(f"{name} meta-training, after 0 to 3 inner steps:", [f"{100 * value:.0f} %" for value in curve])
    axes.plot(curve, "o-", label=f"{name} meta-training")
axes.axhline(1 / WAY, color="grey", linestyle=":", label="chance")
axes.set(xlabel="inner steps", ylabel="accuracy on new characters", ylim=(0, 1), xticks=range(4))
axes.legend(frameon=False)
figure.tight_layout()
assert curves["after"][1] > curves["before"][1]

# %% [markdown]
# That curve is the *adaptation curve*, and the area under it is MetaScore: the [third tutorial](3_metascore.py) computes
# it. Without adaptation the trained network is at chance, as it must be: labels mean nothing before the support set has
# been seen.
#
# The learners of the benchmark belong to three families; each learner has a page:
#
# - **metric**: embed, and compare a query with the support set ([siamese](../../algorithms/siamese.md),
#   [matching](../../algorithms/matching.md), [prototypical](../../algorithms/protonet.md) and
#   [relation networks](../../algorithms/relation.md)): fast, and the strongest on Omniglot;
# - **model**: a network whose activations or generated weights hold the support set ([MANN](../../algorithms/mann.md),
#   [Meta Networks](../../algorithms/metanet.md)): adaptation is one forward pass;
# - **optimisation**: learn how to descend ([MAML](../../algorithms/maml.md), [FOMAML](../../algorithms/fomaml.md),
#   [MAML++](../../algorithms/mamlpp.md), [Meta-SGD](../../algorithms/metasgd.md), [ANIL](../../algorithms/anil.md),
#   [Reptile](../../algorithms/reptile.md), the [LSTM meta-learner](../../algorithms/lstm_meta.md)): work on regression too.
#
# The baselines and controls are [transfer](../../algorithms/transfer.md), training from
# [scratch](../../algorithms/scratch.md), [nearest pixels](../../algorithms/pixel_knn.md) and [chance](../../algorithms/chance.md).
