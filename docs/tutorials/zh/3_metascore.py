# %% [markdown]
# # 3. MetaScore：从分数到面积、区间和名次
#
# 训练之后，每个算法在同样的固定测试情节（episode）上适应，查询集在适应 0、1、…、T = 10 步之后分别评分。
# 于是每个算法得到一个数组 **（种子, 情节, 步）**：以下内容都由它算出：先手工计算，再用本项目计算。
#
# 本页的分数是模拟的，因此真实值已知：两个算法最终准确率相同，但一个更快；第三个比第一个稍好。

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
# ## 面积：手工计算
#
# 先把分数换到统一的尺度上，0 是随机猜测（chance），1 是满分，这样不同任务可以比较。N 类分类的随机水平是 1/N。最低记为 -1：
#
# $$n(e, t) = \max\left(\frac{q(e, t) - \text{chance}}{\text{perfect} - \text{chance}},\; -1\right)$$
#
# **degree** 表示最终能达到的程度，**speed** 表示达到的快慢，MetaScore 是两者的乘积，也就是第一步之后曲线下的面积（适应之前的分数不计）：
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
# `fast` 和 `slow` 最终水平相同，面积能区分它们；论文通常只报告最后一点。
#
# ## 面积：用本项目计算

# %%
measure = package.accuracy(WAY)
for q in learners.values():
    theirs = package.metascore(measure.normalise(q))
    assert abs(theirs - 100 * areas(q).mean()) < 1e-9
    print(f"MetaScore {theirs:.2f}, degree {package.degree(measure.normalise(q)):.3f}")

# %% [markdown]
# ## 区间：手工计算
#
# 换一批测试情节、换几个种子，数字就会不同。种子与情节是交叉的：一个值等于均值，加上种子给所有情节带来的偏差，
# 加上情节给所有种子带来的偏差，再加上余项。种子均值的离散和情节均值的离散给出均值方差的两部分（余项两边都有，只算一次）：


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
# 四百个情节足以估计情节间的方差，三个种子却很难估计种子间的方差：估计值可能相差一倍以上。
# 因此本项目把各算法的方差向共同的期望值收缩，各算法的方差越接近，收缩越强（Smyth 2004），区间再按自由度放宽。
# 区间端点取在对数几率尺度上，因此不会超过 100。公式见
# [`scoring/variances.py`](../../../src/metascore/scoring/variances.py) 开头；模拟研究中区间的覆盖率见
# [statistics.md](../../reference/statistics.md)（英文）。

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
# ## 名次：比较成对的差，而不是区间
#
# 两个区间重叠，并不说明两个算法无法区分。所有算法在同样的情节上评分，情节的难度在*差*中抵消，差的区间比任何一个都窄：

# %%
difference = areas(learners["better"]) - areas(learners["fast"])
spread_apart = np.sqrt(areas(learners["better"]).mean(0).var() + areas(learners["fast"]).mean(0).var())
print(f"spread over episodes: of the difference {difference.mean(0).std():.3f}, were they unpaired {spread_apart:.3f}")
assert difference.mean(0).std() < spread_apart

# %% [markdown]
# 算法多了，成对的比较就多，其中一些会因偶然而显得不同。对每一对做检验，再用 Holm（1979）方法校正，
# 可把出现任何一个错误结论的概率控制在 5 % 以内。用给定的 p 值手工计算：


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
# 本项目用上面的方差检验所有的对，并用比 Holm 略敏锐的 Shaffer（1986）方法校正。名次是一个区间：
# 从排在所有确定更好的算法之后的第一位，到排在所有确定更差的算法之前的最后一位。

# %%
from metascore.scoring.comparisons import compare_pairs, ranks

pairs = compare_pairs(values, whole)
for name, best, worst in zip(learners, *ranks(means, pairs.different), strict=True):
    print(f"{name:7s} rank {best}" + (f" to {worst}" if worst > best else ""))
print("p, corrected:", pairs.p_values.round(3).tolist())
assert pairs.different[1].tolist() == [True, False, True]

# %% [markdown]
# 三个种子太少：这里种子给整次运行带来 0.02 的偏差，与 `fast` 和 `better` 之差相当，合理的结论很可能是“没有证据”。
# 只有一个种子时不给名次，因为一个种子无法说明其他种子的情况。
#
# **试一试：** 把 `better` 的最终准确率改为 0.9；然后改回 0.83，但给 `simulate` 十个种子。哪一种更快得出结论？
