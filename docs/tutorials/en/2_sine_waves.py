# %% [markdown]
# # 2. Sine waves: why transfer learns the average
#
# A task is a wave $y = A \sin(x - \varphi)$ with amplitude $A$ uniform on [0.1, 5] and phase $\varphi$ uniform on
# $[0, \pi]$ (Finn, Abbeel and Levine 2017). You see five points of it and are asked about all the rest. The waves have no
# images, no classes and no batch norm, so that one sees with the eye what *transfer* and *meta-learning* know.
#
# - **Transfer**: one network is fitted to all waves together, then fine-tuned on the five points.
# - **MAML**: one network is trained such that it is right *after* a step of fine-tuning.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.func import grad, vmap

from metascore.problems.sine import Sine

torch.set_default_dtype(torch.float32)
torch.set_num_threads(1)
SETTINGS = {"seed": 0, "grid": True}

# %% [markdown]
# ## Some waves
#
# `Sine` is the problem: `draw` makes rows (amplitude, phase, places), `episodes` turns rows into points. Query points of
# test waves lie on a grid, so that their error is that of the whole curve.

# %%
problem = Sine(shot=5, query=100)
rows = problem.draw("test", 300, SETTINGS)
test = problem.episodes(rows, torch.device("cpu")).batch(np.arange(300))
grid = test.query.x[0]

figure, axes = plt.subplots(figsize=(7, 3))
for y in test.query.y[:5]:
    axes.plot(grid, y)
axes.plot(grid, problem.blind(grid), color="black", linestyle=":", label="the mean of all waves")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## The best answer without the five points
#
# A function $f$ that answers every wave alike has the mean squared error $E[(A\sin(x-\varphi) - f(x))^2]$. At each $x$ it is
# least at the mean of the waves:
#
# $$f(x) = E[A]\,E[\sin(x - \varphi)] = \frac{0.1 + 5}{2} \cdot \frac1\pi \int_0^\pi \sin(x - \varphi)\,d\varphi
# = -\frac{5.1}{\pi} \cos x$$
#
# That is the dotted line above, and the benchmark's learner [chance](../../algorithms/chance.md). Check it by counting:

# %%
counted = test.query.y.mean(0)
error_of_the_mean = (test.query.y - problem.blind(grid)).square().mean().item()
print(f"largest distance of the mean of 300 waves from the formula: {(counted - problem.blind(grid)).abs().max():.2f}")
print(f"its mean squared error: {error_of_the_mean:.2f}; that of answering 0: {test.query.y.square().mean():.2f}")

# %% [markdown]
# ## Two ways of training the same network
#
# The same two hidden layers, the same waves, the same outer optimiser. Only the loss differs: before adaptation for
# transfer, after one step of it for MAML.

# %%
ALPHA, WIDTH = 0.01, 40


def initialise():
    generator = torch.Generator().manual_seed(0)
    sizes = [(1, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]
    theta = {}
    for layer, (inputs, outputs) in enumerate(sizes):
        bound = (6 / (inputs + outputs)) ** 0.5
        theta[f"w{layer}"] = bound * (2 * torch.rand(inputs, outputs, generator=generator) - 1)
        theta[f"b{layer}"] = torch.zeros(outputs)
    return theta


def network(theta, x):
    x = (x @ theta["w0"] + theta["b0"]).relu()
    x = (x @ theta["w1"] + theta["b1"]).relu()
    return x @ theta["w2"] + theta["b2"]


def loss(theta, examples):
    return (network(theta, examples.x) - examples.y).square().mean()


def adapt(theta, support, steps):
    for _ in range(steps):
        gradient = grad(loss)(theta, support)
        theta = {name: theta[name] - ALPHA * gradient[name] for name in theta}
    return theta


def transfer_loss(theta, episode):
    return (loss(theta, episode.support) + loss(theta, episode.query)) / 2


def maml_loss(theta, episode):
    return loss(adapt(theta, episode.support, 1), episode.query)


def train(episode_loss, iterations=2500, meta_batch=25):
    shape = Sine(shot=10, query=10)
    waves = shape.episodes(shape.draw("train", iterations * meta_batch, SETTINGS), torch.device("cpu"))
    theta = {name: value.requires_grad_() for name, value in initialise().items()}
    optimiser = torch.optim.Adam(theta.values(), lr=0.003)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    for step in range(iterations):
        batch = waves.batch(np.arange(step * meta_batch, (step + 1) * meta_batch))
        gradient = grad(lambda theta, batch=batch: vmap(episode_loss, (None, 0))(theta, batch).mean())(theta)
        for name, value in theta.items():
            value.grad = gradient[name]
        torch.nn.utils.clip_grad_norm_(theta.values(), 10.0)
        optimiser.step()
        schedule.step()
    return {name: value.detach() for name, value in theta.items()}


trained = {"transfer": train(transfer_loss), "maml": train(maml_loss)}

# %% [markdown]
# ## Before adaptation: both know the average
#
# How far is each unadapted network from the mean of all waves? And how far is an untrained one?

# %%
distances = {
    name: (network(theta, grid) - problem.blind(grid)).square().mean().item()
    for name, theta in {**trained, "untrained": initialise()}.items()
}
for name, distance in distances.items():
    print(f"{name:10s} mean squared distance from the mean function: {distance:.3f}")
assert distances["transfer"] < 0.1 < distances["untrained"]

# %% [markdown]
# Transfer has to end there: the mean is the minimum of its loss. That is little to know, since every wave is as far
# from it as ever. The surprise is that MAML's initialisation is (nearly) the same function.
#
# ## One step: the difference


# %%
def errors(theta, steps):
    return vmap(lambda episode: loss(adapt(theta, episode.support, steps), episode.query))(test)


for name, theta in {**trained, "scratch": initialise()}.items():
    means = [errors(theta, steps).mean().item() for steps in (0, 1, 5, 10)]
    print(f"{name:9s} error after 0, 1, 5, 10 steps:", " ".join(f"{mean:5.2f}" for mean in means))

wave = 3
support = type(test.support)(*(part[wave] for part in test.support))
figure, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
for axes, (name, theta) in zip(panels, trained.items(), strict=True):
    axes.plot(grid, test.query.y[wave], color="lightgrey", linewidth=5)
    for steps, style in ((0, ":"), (1, "-"), (10, "--")):
        axes.plot(grid, network(adapt(theta, support, steps), grid), style, label=f"{steps} steps")
    axes.plot(support.x, support.y, "ko")
    axes.set_title(name)
panels[0].legend(frameon=False)
figure.tight_layout()
after_one = {name: errors(theta, 1).mean().item() for name, theta in trained.items()}
assert after_one["maml"] < after_one["transfer"]

# %% [markdown]
# The step is the same rule with the same rate on the same five points. From transfer's initialisation it bends the curve
# towards the points and goes astray between them. From MAML's it moves amplitude and phase: the network's *gradient* has
# been shaped, not its answers. Therefore MetaScore starts after the first adaptation step.
#
# The benchmark's own numbers, with more training, three seeds and intervals:
# [Transfer or meta-learning?](../../reference/transfer_or_meta_learning.md).
#
# **Your own plot:** choose another `wave` above, or another rate `ALPHA`, or give `adapt` a hundred steps. When does transfer
# catch up?
