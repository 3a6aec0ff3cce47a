# %% [markdown]
# # 1. Omniglot：一个情节，以及 MAML 的两层循环
#
# Omniglot（Lake, Salakhutdinov and Tenenbaum 2015）有来自 50 种字母表的 1623 个字符，每个字符由 20 个人各写一次。
# 每类只有 20 张图，普通分类方法无能为力。小样本学习（few-shot learning）提出另一个问题：
# 见过*许多其他*字符之后，五个新字符各看一个样本，能分得多准？
#
# 问题以**情节**（episode）为单位提出。一个 N-way K-shot Q-query 的情节有 N 个类别；每类 K 张带标签的图像组成
# **支持集**（support set），用来适应；每类另外 Q 张组成**查询集**（query set），用来评分。本页取 N = 5，K = 1，Q = 5。
#
# 请在 `make setup` 之后，从项目文件夹运行本页。

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
# 图像来自上一次 `make run`；没有的话现在获取；取不到 Omniglot 时用合成字符（glyphs）代替。

# %%
if Path("data/omniglot/images.npy").exists():
    images = np.load("data/omniglot/images.npy")
else:
    found = data.obtain(load("params.yaml").data, Path("data/downloads"))
    images = found.images
print(f"{images.shape[0]} characters, {images.shape[1]} drawers, {images.shape[2]} x {images.shape[3]} pixels")

# %% [markdown]
# ## 手工抽一个情节
#
# 字符一次性地分成训练、验证、测试三部分；这里简单地按编号划分。抽一个情节就是：取五个字符，每个随机旋转若干个 90 度
# （于是一个字符变成四个类别，与 MAML 论文一致），再给每类各抽自己的书写者。

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
# 每一行是一个类别。它的标签 0 到 4 出了这个情节就没有意义：训练时谁也学不到“第 3 类”是什么。
#
# ## 用本项目抽
#
# 在基准里，情节只抽取一次，写成文件，由所有算法和种子共用，所以比较是配对的（paired）。
# `Omniglot` 是问题（problem）；它的每一行记录情节里有谁；`batch` 取出图像，按 shot 依次排列：支持集的前 N 张恰好每类一张。

# %%
problem = Omniglot(way=WAY, shot=SHOT, query=QUERY)
rows = problem.draw_among(sorted(test_characters.tolist()), "test", count=100, rotate=True, seed=0)
print(rows.dtype.names, "of the first episode:", rows[0]["character"], rows[0]["rotation"])
episodes = problem.episodes(rows, torch.from_numpy(images))
batch = episodes.batch(np.arange(4))
print("support", tuple(batch.support.x.shape), "query", tuple(batch.query.x.shape), "(episode, example, 28, 28, 1)")
print("labels of the support set", batch.support.y[0].tolist(), "of the query set", batch.query.y[0].tolist())

# %% [markdown]
# ## 三十行的 MAML
#
# MAML（Finn, Abbeel and Levine 2017）有两层循环。**内层循环**（inner loop）适应一个情节：从初始参数 $\theta$ 出发，
# 在支持集上做梯度下降。**外层循环**（outer loop）改变 $\theta$，使*适应之后*的网络在查询集上答对：
#
# $$\theta_{k+1} = \theta_k - \alpha \nabla L_{support}(\theta_k), \quad \theta_0 = \theta
# \qquad\qquad \min_\theta \; \textstyle\sum_{episodes} L_{query}(\theta_K)$$
#
# 网络是四层步长为 2 的 3 x 3 卷积，每层之后是批归一化（batch norm）和 ReLU，最后是线性层。批归一化的统计量来自眼前这一批数据，
# 即*直推式*（transductive）；基准的每张表都注明这一点。


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
# ## 与本项目的实现核对
#
# 本项目的 MAML 是一个文件 [`learners/maml.py`](../../../src/metascore/learners/maml.py)，卷积部分为速度而重写。
# 从同样的张量出发，元损失（meta-loss）和元梯度（meta-gradient）必须一样。

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
# ## 一次很短的训练
#
# 外层训练一百步，每步四个情节；再用一百个由新字符组成的情节测试。内层走若干步之后，查询集的准确率是多少？随机猜测是 20 %。

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
# 这就是*适应曲线*（adaptation curve），曲线下的面积就是 MetaScore，[第三篇教程](3_metascore.py)给出它的计算。
# 不经适应，训练过的网络也只有随机水平，这是必然的：看到支持集之前，标签没有意义。
#
# 基准中的算法分为三类，每个算法有一页说明（英文）：
#
# - **度量**（metric）：做嵌入（embedding），把查询与支持集比较（[siamese](../../algorithms/siamese.md)、
#   [matching](../../algorithms/matching.md)、[原型网络](../../algorithms/protonet.md)、[关系网络](../../algorithms/relation.md)）：
#   快，在 Omniglot 上最强；
# - **模型**（model）：用激活、外部记忆或生成的权重保存支持集的信息（[MANN](../../algorithms/mann.md)、
#   [Meta Networks](../../algorithms/metanet.md)）：适应就是一次前向计算；
# - **优化**（optimisation）：学习如何做梯度下降（[MAML](../../algorithms/maml.md)、[FOMAML](../../algorithms/fomaml.md)、
#   [MAML++](../../algorithms/mamlpp.md)、[Meta-SGD](../../algorithms/metasgd.md)、[ANIL](../../algorithms/anil.md)、
#   [Reptile](../../algorithms/reptile.md)、[LSTM 元学习器](../../algorithms/lstm_meta.md)）：也能用于回归。
#
# 作为比较的基线和对照有[迁移学习](../../algorithms/transfer.md)（transfer）、[从头训练](../../algorithms/scratch.md)（scratch）、
# [像素最近邻](../../algorithms/pixel_knn.md)和[随机猜测](../../algorithms/chance.md)（chance）。
