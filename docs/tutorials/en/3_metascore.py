# %% [markdown]
# # 3. MetaScore: from scores to an area, an interval and a rank
#
# After training, each learner adapts to the same frozen test episodes, and each query set is scored after 0, 1, ..., T = 10
# adaptation steps. That gives one array a learner, **(seed, episode, step)**: everything below is computed from it and from
# nothing else. First by hand, then by the package.
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
# after the first step (the score before adaptation counts for nothing):
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
# Other test episodes and other seeds would have given other numbers. Episodes are many: draw as many of them, with
# replacement, and take the mean again; do that 2000 times. The middle 95 % of the means is a bootstrap interval (Efron 1979).
# Resampling the episodes only says nothing about other seeds; resampling three seeds as well says too little, because three
# are few.


# %%
def resampled(values, over_seeds, times=2000):
    """Means of resampled (seed, episode) values."""
    episodes = random.integers(0, EPISODES, (times, EPISODES))
    seeds = random.integers(0, SEEDS, (times, SEEDS)) if over_seeds else np.tile(np.arange(SEEDS), (times, 1))
    return np.array([values[s].mean(0)[e].mean() for s, e in zip(seeds, episodes, strict=True)])


for over_seeds in (False, True):
    low, high = np.quantile(100 * resampled(areas(learners["fast"]), over_seeds), [0.025, 0.975])
    print(f"{'seeds and episodes' if over_seeds else 'episodes only':18s} [{low:.2f}, {high:.2f}]")

# %% [markdown]
# The package does more for the seeds: it takes the noise of the episodes off the seeds' means first, and widens what is left
# to the tails that so few seeds demand. What exactly, and how often such intervals hold the truth in simulated studies, is
# in [`scoring/intervals.py`](../../../src/metascore/scoring/intervals.py).

# %%
from metascore.scoring.intervals import bootstrap_interval

for name, q in learners.items():
    interval = bootstrap_interval(100 * areas(q)[..., None], np.random.default_rng(0))
    low, point, high = (end.item() for end in (interval.low, interval.point, interval.high))
    print(f"{name:7s} {point:.2f} [{low:.2f}, {high:.2f}]")
    assert low < point < high

# %% [markdown]
# ## Ranks: compare pairs, not intervals
#
# Two intervals that overlap do not mean that the learners can't be told apart. All learners are judged on the same episodes,
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
# In the benchmark's tables the package does this for all learners at once, and learners that it cannot tell apart share a
# rank. Three seeds are few: here the seed adds 0.02 to a whole run, as much as the difference between `fast` and `better`,
# and an honest verdict may well be "no evidence".
#
# **Try:** give `better` the final accuracy 0.9; then give `simulate` ten seeds and 0.83 again. Which of the two convinces you
# sooner?
