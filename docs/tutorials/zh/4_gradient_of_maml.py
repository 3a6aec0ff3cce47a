# %% [markdown]
# # 4. MAML 的梯度，以及 FOMAML 忽略的部分
#
# MAML 学习一个初始参数（initialisation）$\theta$：从它出发，在任务的支持集（support set）上做一步梯度下降，
# 就能在查询集（query set）上给出好的答案（Finn, Abbeel and Levine 2017）：
#
# $$\theta' = \theta - \alpha \nabla L_s(\theta), \qquad \min_\theta \; M(\theta) = L_q(\theta')$$
#
# 其中 $L_s$ 是支持集上的损失，$L_q$ 是查询集上的损失，$\alpha$ 是内层学习率（inner learning rate）。
# 要对 $M$ 做梯度下降，需要的是它对 $\theta$ 的梯度，而不是对 $\theta'$ 的。由链式法则，它有两个因子：
#
# $$\nabla M(\theta) = \left(\frac{\partial \theta'}{\partial \theta}\right)^{\!\top} \nabla L_q(\theta')
# = (I - \alpha H) \, \nabla L_q(\theta'), \qquad H = \nabla^2 L_s(\theta)$$
#
# 海森矩阵（Hessian）$H$ 是对称的，所以转置可以去掉。内层走 $K$ 步 $\theta_0, \dots, \theta_K$ 时，每一步贡献一个这样的因子：
#
# $$\nabla M(\theta) = \left[\prod_{k=0}^{K-1} (I - \alpha H_k)\right] \nabla L_q(\theta_K), \qquad H_k = \nabla^2 L_s(\theta_k)$$
#
# FOMAML（一阶 MAML，first-order MAML）把每个因子都当作 $I$，只剩下 $\nabla L_q(\theta_K)$：
# 在适应之后的参数处求梯度，却用来更新初始参数。这样不需要二阶导数。
# 本页说明这一近似改变了什么：先看一切都能写成公式的二次函数，再看神经网络。

# %%
import matplotlib.pyplot as plt
import torch
from torch.func import grad, hessian, jvp, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

# %% [markdown]
# ## 二次函数
#
# 设 $L_s(\theta) = \frac12 (\theta - a)^\top A (\theta - a)$，$L_q(\theta) = \frac12 (\theta - b)^\top A (\theta - b)$。
# 此时处处有 $H = A$，可以用自动微分来核对上面的公式。

# %%
A = torch.diag(torch.tensor([0.5, 1.0, 4.0]))
a, b = torch.tensor([1.0, -1.0, 0.5]), torch.tensor([0.8, -1.2, 0.7])
theta, alpha = torch.zeros(3), 0.1


def support_loss(theta):
    return (theta - a) @ A @ (theta - a) / 2


def query_loss(theta):
    return (theta - b) @ A @ (theta - b) / 2


def meta_loss(theta):
    return query_loss(theta - alpha * grad(support_loss)(theta))


adapted = theta - alpha * grad(support_loss)(theta)
first_order = grad(query_loss)(adapted)
by_the_formula = (torch.eye(3) - alpha * hessian(support_loss)(theta)) @ first_order
by_autograd = grad(meta_loss)(theta)

assert torch.allclose(by_the_formula, by_autograd, atol=1e-12)
print("MAML   ", by_autograd.tolist())
print("FOMAML ", first_order.tolist())
print("ratio  ", (by_autograd / first_order).tolist(), "= 1 - alpha * (0.5, 1, 4)")

# %% [markdown]
# 因子 $(I - \alpha H)$ 在每个曲率（curvature）为 $\lambda$ 的方向上各自起作用，就是数 $1 - \alpha\lambda$：
#
# - $\alpha\lambda \ll 1$：内层一步几乎不动这个方向，两种梯度一致。
# - $\alpha\lambda = 1$：无论从哪里出发，内层一步都正好落在该方向的最优点。初始值在这里无关紧要，
#   MAML 的梯度为零；FOMAML 的梯度不为零。
# - $\alpha\lambda > 1$：内层一步越过了最优点，MAML 与 FOMAML 的梯度符号相反。
#
# ## 下降会停在哪里
#
# 梯度的长度不对，只是多花时间；任务之间的权重不对，目标就变了。考虑一维的任务
# $L(\theta) = \frac{\lambda}{2}(\theta - c)^2$，支持集和查询集相同。
# 内层一步之后 $\theta' - c = (1 - \alpha\lambda)(\theta - c)$，于是
#
# $$\nabla M = \lambda (1 - \alpha\lambda)^2 (\theta - c), \qquad \text{FOMAML:} \quad \lambda (1 - \alpha\lambda) (\theta - c)$$
#
# 对多个任务求和，两者的零点都是各中心 $c$ 的加权平均，但权重不同。

# %%
curvature, centre, alpha = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0]), 0.3


def mean_meta_loss(theta):
    """The mean loss of the two tasks after one inner step from theta."""
    return (curvature / 2 * ((1 - alpha * curvature) * (theta - centre)) ** 2).mean()


weights = {
    "MAML": curvature * (1 - alpha * curvature) ** 2,
    "FOMAML": curvature * (1 - alpha * curvature),
    "no inner step": curvature,
}
fixed_points = {name: (weight @ centre / weight.sum()).item() for name, weight in weights.items()}
for name, point in fixed_points.items():
    print(
        f"{name:14s} ends at {point:.3f}: mean loss after adaptation {mean_meta_loss(torch.tensor(point)).item():.4f}"
    )

theta = torch.tensor(0.5)
for _ in range(1000):
    theta = theta - 0.3 * grad(mean_meta_loss)(theta)
assert abs(theta.item() - fixed_points["MAML"]) < 1e-6

# %%
line = torch.linspace(-0.2, 1.0, 200)
figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(line, vmap(mean_meta_loss)(line), color="black")
for name, point in fixed_points.items():
    axes.plot(point, mean_meta_loss(torch.tensor(point)), "o", label=name)
axes.set(xlabel="initialisation", ylabel="mean loss after one step")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# 陡的任务（曲率 3）靠内层一步就几乎解决了：$1 - 0.3 \cdot 3 = 0.1$。所以 MAML 的初始值靠近平缓的任务，
# 一步对它帮助不大。FOMAML 看到的陡任务的剩余误差，权重是 0.1 而不是 0.01，于是停在两者之间。
# 没有内层步骤的联合训练（joint training）最靠近陡的任务。
#
# ## 神经网络
#
# 现在换成有两个隐藏层的网络，任务是一条正弦曲线。它的海森矩阵很大，但需要的只是它与向量 $\nabla L_q(\theta')$ 的乘积，
# 也就是梯度沿这个向量的方向导数。只走一步时：
#
# $$\nabla M = g - \alpha H g, \qquad g = \nabla L_q(\theta')$$


# %%
def initialise(generator, width=40):
    sizes = [(1, width), (width, width), (width, 1)]
    return [(torch.randn(i, o, generator=generator) / i**0.5, torch.zeros(o)) for i, o in sizes]


def network(weights, x):
    for w, b in weights[:-1]:
        x = torch.tanh(x @ w + b)
    w, b = weights[-1]
    return x @ w + b


def loss(weights, examples):
    x, y = examples
    return (network(weights, x) - y).square().mean()


def combine(one, other, scale):
    """one + scale * other, for nested lists of tensors."""
    return [tuple(p + scale * q for p, q in zip(*layers, strict=True)) for layers in zip(one, other, strict=True)]


def adapt(weights, support, alpha, steps):
    for _ in range(steps):
        weights = combine(weights, grad(loss)(weights, support), -alpha)
    return weights


def flat(weights):
    return torch.cat([value.flatten() for layer in weights for value in layer])


def wave(generator, points=10):
    """Support and query set of a wave y = A sin(x - phase)."""
    amplitude = 0.1 + 4.9 * torch.rand((), generator=generator)
    phase = torch.pi * torch.rand((), generator=generator)
    x = 10 * torch.rand(2, points, 1, generator=generator) - 5
    y = amplitude * torch.sin(x - phase)
    return (x[0], y[0]), (x[1], y[1])


generator = torch.Generator().manual_seed(0)
weights = initialise(generator)
support, query = wave(generator)
alpha = 0.01

exact = grad(lambda w: loss(adapt(w, support, alpha, 1), query))(weights)
g = grad(loss)(adapt(weights, support, alpha, 1), query)
_, hessian_times_g = jvp(lambda w: grad(loss)(w, support), (weights,), (g,))
by_hand = combine(g, hessian_times_g, -alpha)

difference = (flat(exact) - flat(by_hand)).abs().max().item()
assert difference < 1e-9
print(f"largest difference between autograd and g - alpha H g: {difference:.1e}")

# %% [markdown]
# 两个方向相差多远？下面是夹角的余弦，随内层学习率和步数变化，对多条正弦曲线取平均：


# %%
def cosine(alpha, steps, support, query):
    adapted = adapt(weights, support, alpha, steps)
    exact = flat(grad(lambda w: loss(adapt(w, support, alpha, steps), query))(weights))
    return torch.cosine_similarity(exact, flat(grad(loss)(adapted, query)), dim=0)


waves = [wave(generator) for _ in range(20)]
rates = [0.001, 0.003, 0.01, 0.03, 0.1]
figure, axes = plt.subplots(figsize=(7, 3))
for steps in (1, 2, 5):
    curve = [torch.stack([cosine(rate, steps, *w) for w in waves]).nanmean().item() for rate in rates]
    print(f"{steps} steps:", [f"{value:.2f}" for value in curve])
    axes.plot(rates, curve, "o-", label=f"{steps} inner steps")
axes.set(xscale="log", xlabel="inner rate alpha", ylabel="cosine(MAML, FOMAML)", ylim=(-1.05, 1.05))
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 对结果有影响吗？
#
# 同样的训练，保留和去掉这个因子各做一次：每个元批次（meta-batch）25 条曲线，内层一步，Adam，600 次迭代。
# 然后看新曲线上 0 到 5 步之后的误差。（本项目的正式训练长得多，见 MAML 和 FOMAML 两页。）


# %%
def meta_train(alpha, first_order, iterations=600):
    generator = torch.Generator().manual_seed(1)
    weights = initialise(generator)

    def episode_gradient(support, query):
        if first_order:
            return grad(loss)(adapt(weights, support, alpha, 1), query)
        return grad(lambda w: loss(adapt(w, support, alpha, 1), query))(weights)

    leaves = [value.requires_grad_() for layer in weights for value in layer]
    optimiser = torch.optim.Adam(leaves, lr=0.003)
    for _ in range(iterations):
        gradients = vmap(episode_gradient)(*stacked([wave(generator) for _ in range(25)]))
        for leaf, value in zip(leaves, [value for layer in gradients for value in layer], strict=True):
            leaf.grad = value.mean(0).detach()
        torch.nn.utils.clip_grad_norm_(leaves, 10.0)
        optimiser.step()
    return [tuple(value.detach() for value in layer) for layer in weights]


def stacked(waves):
    """Waves side by side: a leading axis for vmap."""
    return [
        tuple(torch.stack([wave[part][i] for wave in waves]) for i in (0, 1)) for part in (0, 1)
    ]  # support (x, y), query (x, y)


def errors(weights, alpha, steps=5):
    test = stacked([wave(torch.Generator().manual_seed(100 + k)) for k in range(200)])
    after = [
        vmap(lambda s, q, k=k: loss(adapt(weights, s, alpha, k), q))(*test).mean().item() for k in range(steps + 1)
    ]
    return " ".join(f"{error:6.2f}" for error in after)


print("error after steps            0      1      2      3      4      5")
for alpha in (0.001, 0.01):
    for name, first_order in (("MAML", False), ("FOMAML", True)):
        print(f"alpha {alpha:5.3f}  {name:8s} ", errors(meta_train(alpha, first_order), alpha))

# %% [markdown]
# 学习率小的时候两者几乎一样，因为 $(I - \alpha H)$ 接近 $I$；但那时一步本来也改变不了多少，对谁都一样。
# 当学习率大到一步确实有用时，正是这个因子告诉 MAML 这一步*将会怎样起作用*。
# 基准的成绩表（训练更久）给出同样的结论：在正弦任务上，一步之后 MAML 与 FOMAML 的差别很大；在 5-way 的 Omniglot 上，
# 训练时间越长，差别越小（[结果](../../reference/results.md)，英文）。
#
# 在本项目里它只是一个超参数，即 [MAML](../../algorithms/maml.md) 的 `first_order`；
# [FOMAML](../../algorithms/fomaml.md) 的配方启用它，没有单独的类。
#
# **试一试：** 把网络里的 `torch.tanh` 换成 `torch.relu`。分段线性的网络在每一段内没有曲率，但 $H$ 并不为零。它从哪里来？
