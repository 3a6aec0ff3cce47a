# %% [markdown]
# # 3. MetaScore: from scores to an area, an interval and a rank
#
# After training, each learner adapts to the same fixed test episodes, and each query set is scored after 0, 1, ..., T = 10
# adaptation steps. That gives one array a learner, **(seed, episode, step)**: everything below is computed from it,
# first by hand, then by the package.
#
# The scores on this page are drawn, so that the truth is known: two learners that end at the same accuracy, one sooner than
# the other, and one that is a little better than the first.

# %%
import matplotlib.pyplot as plt
import numpy as np

from metascore.scoring import scores as package

SEEDS, EPISODES, T, WAY, QUERIES = 3, 400, 10, 5, 25
random = np.random.default_rng(0)


def simulate(final, half_life):
    """Accuracies (seed, episode, step) of a learner that closes half of its gap in `half_life` steps."""
    steps = np.arange(T + 1)
    curve = 0.2 + (final - 0.2) * (1 - 0.5 ** (steps / half_life))
    skill = random.normal(0, 0.02, (SEEDS, 1, 1))  # what a seed adds to all episodes
    difficulty = DIFFICULTY[:, None]  # what an episode adds for all learners and seeds
    chance_of_right = np.clip(curve + (curve > 0.2) * (skill + difficulty), 0, 1)
    return random.binomial(QUERIES, np.broadcast_to(chance_of_right, (SEEDS, EPISODES, T + 1))) / QUERIES


DIFFICULTY = random.normal(0, 0.08, EPISODES)
learners = {"fast": simulate(0.8, 0.4), "slow": simulate(0.8, 1.5), "better": simulate(0.83, 0.4)}
for name, q in learners.items():
    print(f"{name:7s} accuracy after 0, 1, 3, 10 steps:", q.mean((0, 1))[[0, 1, 3, 10]].round(3).tolist())

# %% [markdown]
# ## The area, by hand
#
# A score is put on a scale where 0 is chance and 1 is perfect, so that tasks can be compared. For N-way classification
# chance is 1/N. Nothing counts less than -1:
#
# $$n(e, t) = \max\left(\frac{q(e, t) - \text{chance}}{\text{perfect} - \text{chance}},\; -1\right)$$
#
# **Degree** says how far a learner gets, **speed** how soon, and MetaScore is their product, which is the area under the curve
# after the first step (the score before adaptation does not count):
#
# $$\text{degree} = \overline{n(\cdot, T)}, \qquad
# \text{speed} = \frac{\frac1T \sum_{t=1}^{T} \overline{n(\cdot, t)}}{\text{degree}}, \qquad
# \text{MetaScore} = 100 \cdot \text{degree} \cdot \text{speed}$$


# %%
def normalised(q):
    return np.maximum((q - 1 / WAY) / (1 - 1 / WAY), -1)


def areas(q):
    """One number an episode and seed: the mean over steps 1 to T."""
    return normalised(q)[..., 1:].mean(-1)


for name, q in learners.items():
    degree = normalised(q)[..., -1].mean()
    speed = areas(q).mean() / degree
    print(f"{name:7s} degree {degree:.3f}, speed {speed:.3f}, MetaScore {100 * degree * speed:.2f}")

figure, axes = plt.subplots(figsize=(7, 3))
for name, q in learners.items():
    (line,) = axes.plot(normalised(q).mean((0, 1)), "o-", label=name)
    axes.fill_between(range(1, T + 1), normalised(q).mean((0, 1))[1:], alpha=0.1, color=line.get_color())
axes.set(xlabel="adaptation steps", ylabel="n(e, t), mean", ylim=(-0.05, 1))
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# `fast` and `slow` get equally far; the area tells them apart. Papers print only the last point.
#
# ## The area, by the package

# %%
measure = package.accuracy(WAY)
for q in learners.values():
    theirs = package.metascore(measure.normalise(q))
    assert abs(theirs - 100 * areas(q).mean()) < 1e-9
    print(f"MetaScore {theirs:.2f}, degree {package.degree(measure.normalise(q)):.3f}")

# %% [markdown]
# ## The interval, by hand
#
# Other test episodes and other seeds would have given other numbers. Seeds and episodes are crossed: a value is the mean, plus
# what its seed adds to all episodes, plus what its episode adds for all seeds, plus a rest. The spread of the seeds' means and
# that of the episodes' means give the two parts of the mean's variance (the rest is in both, and counts once):


# %%
def variances(values):
    """What the mean of (seed, episode) values owes to its seeds, and what to its episodes."""
    by_seed, by_episode = values.mean(1), values.mean(0)
    rest = values - by_seed[:, None] - by_episode + values.mean()
    noise = (rest**2).sum() / ((SEEDS - 1) * (EPISODES - 1))
    return by_seed.var(ddof=1) / SEEDS, (by_episode.var(ddof=1) - noise / SEEDS) / EPISODES


by_hand = {name: variances(areas(q)) for name, q in learners.items()}
for name, (of_seeds, of_episodes) in by_hand.items():
    print(f"{name:7s} standard errors: of seeds {100 * of_seeds**0.5:.2f}, of episodes {100 * of_episodes**0.5:.2f}")

# %% [markdown]
# Four hundred episodes say well how much episodes vary. Three seeds say little about the variance between seeds: the
# estimate may be off by a factor of two or more. So the package shrinks each learner's variance towards the value expected of
# all; the more alike the variances are, the stronger the shrinkage (Smyth 2004). The degrees of freedom widen the interval. Its ends lie on the scale of log odds, so that none passes 100. The equations are at the top of
# [`scoring/variances.py`](../../../src/metascore/scoring/variances.py); how often such intervals hold the truth in simulated
# studies is in [statistics.md](../../reference/statistics.md).

# %%
from metascore.scoring.intervals import bounded, reach, slope
from metascore.scoring.variances import mean_error, model

values = np.stack([areas(q) for q in learners.values()])
means = values.mean((1, 2))
whole = model(values, slope(means, *measure.possible))
error = mean_error(whole)
assert np.allclose(error.episodes, [of_episodes for _, of_episodes in by_hand.values()])
print(
    "of seeds, shrunk:",
    (100 * error.seeds**0.5).round(2).tolist(),
    "degrees of freedom:",
    error.freedom.round(1).tolist(),
)
interval = bounded(means, reach(error), *measure.possible)
for name, point, low, high in zip(learners, *interval, strict=True):
    print(f"{name:7s} {100 * point:.2f} [{100 * low:.2f}, {100 * high:.2f}]")
    assert low < point < high

# %% [markdown]
# ## Ranks: compare pairs, not intervals
#
# Two intervals that overlap do not mean that the learners can't be told apart. All learners are evaluated on the same episodes,
# so the difficulty of an episode cancels in the *difference*, whose interval is narrower than either:

# %%
difference = areas(learners["better"]) - areas(learners["fast"])
spread_apart = np.sqrt(areas(learners["better"]).mean(0).var() + areas(learners["fast"]).mean(0).var())
print(f"spread over episodes: of the difference {difference.mean(0).std():.3f}, were they unpaired {spread_apart:.3f}")
assert difference.mean(0).std() < spread_apart

# %% [markdown]
# With many learners there are many pairs, and some look different by luck. A test for each pair, corrected by Holm's (1979)
# procedure, keeps the chance of a single false verdict at 5 %. By hand, for p-values that are given:


# %%
def holm(p_values):
    """Adjusted p-values: the smallest times how many there are, the next times one less, and never falling."""
    order = np.argsort(p_values)
    adjusted = np.maximum.accumulate(np.asarray(p_values)[order] * np.arange(len(p_values), 0, -1))
    out = np.empty(len(p_values))
    out[order] = np.minimum(adjusted, 1)
    return out


print(holm([0.01, 0.04, 0.03]).round(3).tolist())
assert np.allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])

# %% [markdown]
# The package tests all pairs with the variances from above, and a correction that finds a little more than Holm's (Shaffer
# 1986). A learner's rank is an interval: from one place after all that are certainly better to one before all that are
# certainly worse.

# %%
from metascore.scoring.comparisons import compare_pairs, ranks

pairs = compare_pairs(values, whole)
for name, best, worst in zip(learners, *ranks(means, pairs.different), strict=True):
    print(f"{name:7s} rank {best}" + (f" to {worst}" if worst > best else ""))
print("p, corrected:", pairs.p_values.round(3).tolist())
assert pairs.different[1].tolist() == [True, False, True]

# %% [markdown]
# Three seeds are few: here the seed adds 0.02 to a whole run, as much as the difference between `fast` and `better`, and an
# honest verdict may well be "no evidence". With one seed there are no ranks: one seed says nothing about the others.
#
# **Try:** give `better` the final accuracy 0.9; then give `simulate` ten seeds and 0.83 again. Which of the two gives
# a verdict sooner?
