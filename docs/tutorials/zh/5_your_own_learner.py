# %% [markdown]
# # 5. 自己的算法：从想法到成绩表
#
# 一个想法，四十行代码，最后在成绩表里与其他算法并排占一行，在同样的情节（episode）上评测。本页的想法来自 Gidaris 和
# Komodakis（2018）：原型网络（prototypical networks）按距离分类，这里按特征之间的*夹角*分类。
#
# $$w_n = \text{类 } n \text{ 的支持图像 } x \text{ 上 } \frac{f(x)}{\lVert f(x)\rVert} \text{ 的均值}$$
#
# $$p(n \mid x) = \text{softmax}_n \; \tau \cos(f(x), w_n)$$
#
# 编码器 $f$ 和数 $\tau$ 由大量训练情节的查询集（query set）学得。
#
# 自己的算法应写在自己的克隆里。本页在一份副本里操作，不改动你的文件夹；`shell` 执行的就是你会在那里输入的命令。

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
# ## 开头
#
# 一条命令写好一个能运行的文件（一个小的原型网络）、`params.yaml` 里的一个条目（需要时还有预算（budget）里的一行），以及一页文档。
# 文件名就是算法名：没有需要登记的清单。

# %%
print(shell("metascore new-learner angle"))

# %% [markdown]
# ## 四十行
#
# 一个算法（learner）是由纯函数组成的冻结数据类（frozen dataclass），只为**一个**情节而写；训练器用 `torch.func.vmap` 把它映射到
# 多个情节上。总共四个方法：
#
# - `initialise` 用传入的随机数生成器造出算法的全部张量。
# - `meta_loss` 是元训练（meta-training）要降低的量：这里先在支持集（support set）上适应，再对查询集提问。
# - `adapt` 依次给出 0、1、…、`steps` 步之后的状态。这里一遍就够：每一步之后状态都相同。
# - `predict` 用 logits 回答查询。
#
# 字段就是超参数：`params.yaml` 里可以设置 `width` 和 `initial_scale`。类变量声明算法的性质，检查程序会逐一
# 验证。

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
# ## 检查
#
# 假设返回的是概率而不是 logits，这种错很容易犯：

# %%
RIGHT = 'params["scale"] * normalize(self.encoder(params, x)) @ normalize(weights).T'
file.write_text(LEARNER.lstrip().replace(RIGHT, f"({RIGHT}).softmax(1)"))
message = shell("metascore check angle --budget smoke", status=1)
print(message)
assert "logits" in message

# %% [markdown]
# 每个错误一行：错在哪里，怎样改。设备、随机性、就地修改（in-place）、依赖数据的控制流也都会试到。改回原样：

# %%
file.write_text(LEARNER.lstrip())
print(shell("metascore check angle --budget smoke"))

# %% [markdown]
# ## 进成绩表
#
# `new-learner` 写下的条目是 `width: 64` 和一段训练设置，应换成论文里的数值。跑哪些、跑多久由预算决定。本页做一个只有三个算法的
# 小预算；`null` 表示不跑该算法。在自己的克隆里，`make run` 之后，`metascore calibrate angle` 测出它在预算 `quick` 给每个算法的时间里能走多少步，
# 并写进预算的文件；再运行 `snakemake`：只有你的算法和报告会重新计算。

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
# 窄网络迭代 150 次，对两种方法都说明不了什么，但这一行是完整的：名次和 MetaScore 一样是区间，同时来自种子和情节；`batch_norm` 一列说明 `angle` 同时看到
# 所有查询，而 `protonet` 一次只看一个，所以 `angle` 的任务更容易。要公平比较，就让自己的算法也成为归纳式（inductive）的：像
# [`learners/protonet.py`](../../../src/metascore/learners/protonet.py) 那样使用滑动统计量。
#
# 学习曲线在 `results/tutorial/runs/omniglot_5w1s/angle/0/training.csv`：

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for name in ("protonet", "angle"):
    curve = pd.read_csv(copy / f"results/tutorial/runs/omniglot_5w1s/{name}/0/training.csv")
    axes.plot(curve["iteration"], curve["validation"], "o-", label=name)
axes.set(xlabel="iteration", ylabel="accuracy on validation episodes")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 修改
#
# 每次完成的运行都保存一个键（key），其中包含算法源文件的摘要。修改该文件只会重新运行这个算法和报告：

# %%
file.write_text(LEARNER.lstrip().replace("10.0", "20.0"))
plan = shell("snakemake -n --config budget=tutorial")
print(plan)
assert "angle" in plan and "protonet" not in plan

# %%
shutil.rmtree(copy.parent)

# %% [markdown]
# 剩下的事：填写 `docs/algorithms/` 里的那一页（公式、出处、每个数值的来历、与论文的差别），并像这里的其他算法一样写上张量形状的
# 注解：测试会在每次调用时检查。想把算法放在自己的仓库里，就改用 `metascore new-learner angle --package ../angle`。
# 其余见[自己的算法](../../zh/guides/your_own_learner.md)。
#
# **试一试：**再加一个字段 `temperature_learned: bool = True`，为假时 $\tau$ 保持不变（用 `.detach()`）。值得吗？
