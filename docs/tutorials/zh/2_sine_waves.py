# %% [markdown]
# # 2. 正弦曲线：为什么迁移学习学到的是均值
#
# 一个任务是一条曲线 $y = A \sin(x - \varphi)$，振幅 $A$ 在 [0.1, 5] 上均匀分布，相位 $\varphi$ 在 $[0, \pi]$ 上均匀分布
# （Finn, Abbeel and Levine 2017）。你看到其中五个点，要回答其余所有的点。这里没有图像，没有类别，没有批归一化，
# 因此*迁移学习*（transfer）和*元学习*（meta-learning）各自学到了什么，从图上就能看出来。
#
# - **迁移学习**：一个网络拟合所有曲线，然后在五个点上微调（fine-tuning）。
# - **MAML**：训练一个网络，使它在微调一步*之后*给出正确的回答。

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
# ## 几条曲线
#
# `Sine` 是问题（problem）：`draw` 产生行（振幅、相位、位置），`episodes` 把行变成点。
# 测试曲线的查询点（query）在等距网格上，所以它们的误差就是整条曲线的误差。

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
# ## 不看这五个点时的最优回答
#
# 用同一个函数 $f$ 回答所有曲线的均方误差是 $E[(A\sin(x-\varphi) - f(x))^2]$。在每个 $x$ 处，它在曲线的均值上取最小值：
#
# $$f(x) = E[A]\,E[\sin(x - \varphi)] = \frac{0.1 + 5}{2} \cdot \frac1\pi \int_0^\pi \sin(x - \varphi)\,d\varphi
# = -\frac{5.1}{\pi} \cos x$$
#
# 这就是上图的虚线，也就是基准里的算法 [chance](../../algorithms/chance.md)。用样本均值核对：

# %%
counted = test.query.y.mean(0)
error_of_the_mean = (test.query.y - problem.blind(grid)).square().mean().item()
print(f"largest distance of the mean of 300 waves from the formula: {(counted - problem.blind(grid)).abs().max():.2f}")
print(f"its mean squared error: {error_of_the_mean:.2f}; that of answering 0: {test.query.y.square().mean():.2f}")

# %% [markdown]
# ## 同一个网络，两种训练
#
# 同样的两个隐藏层，同样的曲线，同样的外层优化器。只有损失不同：迁移学习看适应之前，MAML 看适应一步之后。

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
# ## 适应之前：两者都学到了均值
#
# 没有适应的网络离所有曲线的均值有多远？没有训练过的网络呢？

# %%
distances = {
    name: (network(theta, grid) - problem.blind(grid)).square().mean().item()
    for name, theta in {**trained, "untrained": initialise()}.items()
}
for name, distance in distances.items():
    print(f"{name:10s} mean squared distance from the mean function: {distance:.3f}")
assert distances["transfer"] < 0.1 < distances["untrained"]

# %% [markdown]
# 迁移学习必然停在那里：均值就是它的损失的最小点。这点信息很少：每条曲线与均值的距离并没有缩小。
# 令人意外的是，MAML 的初始函数（几乎）是同一个函数。
#
# ## 一步：区别所在


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
# 这一步用的是同样的规则、同样的学习率、同样的五个点。从迁移学习的初始值出发，它把曲线弯向这些点，在点与点之间却走偏了。
# 从 MAML 的初始值出发，它移动的是振幅和相位：被塑造的是网络的*梯度*，不是它的答案。
# 因此 MetaScore 从第一步适应之后开始计分。
#
# 基准自己的数字（训练更久，三个种子，带置信区间；英文）见[迁移还是元学习？](../../reference/transfer_or_meta_learning.md)。
#
# **画你自己的图：** 换一条曲线 `wave`，换一个学习率 `ALPHA`，或者让 `adapt` 走一百步。迁移学习什么时候能追上？
