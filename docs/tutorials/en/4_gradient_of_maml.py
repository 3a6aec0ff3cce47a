# %% [markdown]
# # 4. MAML's gradient, and what FOMAML leaves out
#
# MAML learns an initialisation $\theta$ from which one step of gradient descent on a task's support set gives good
# answers on its query set (Finn, Abbeel and Levine 2017):
#
# $$\theta' = \theta - \alpha \nabla L_s(\theta), \qquad \min_\theta \; M(\theta) = L_q(\theta')$$
#
# $L_s$ is the loss on the support set, $L_q$ that on the query set, $\alpha$ the inner learning rate. To descend on $M$ we
# need its gradient with respect to $\theta$, not $\theta'$. The chain rule has two factors:
#
# $$\nabla M(\theta) = \left(\frac{\partial \theta'}{\partial \theta}\right)^{\!\top} \nabla L_q(\theta')
# = (I - \alpha H) \, \nabla L_q(\theta'), \qquad H = \nabla^2 L_s(\theta)$$
#
# The Hessian $H$ is symmetric, so the transpose goes away. With $K$ inner steps $\theta_0, \dots, \theta_K$ there is one
# such factor a step:
#
# $$\nabla M(\theta) = \left[\prod_{k=0}^{K-1} (I - \alpha H_k)\right] \nabla L_q(\theta_K), \qquad H_k = \nabla^2 L_s(\theta_k)$$
#
# FOMAML (first-order MAML) takes every factor for $I$. What remains is $\nabla L_q(\theta_K)$: the gradient at the adapted
# weights, applied to the initial ones. It costs no second derivatives. This page shows what that changes: on a quadratic,
# where everything can be written down, and on a network.

# %%
import matplotlib.pyplot as plt
import torch
from torch.func import grad, hessian, jvp, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

# %% [markdown]
# ## A quadratic
#
# Let $L_s(\theta) = \frac12 (\theta - a)^\top A (\theta - a)$ and $L_q(\theta) = \frac12 (\theta - b)^\top A (\theta - b)$.
# Then $H = A$ everywhere, and the formula above can be checked against automatic differentiation.

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
# The factor $(I - \alpha H)$ acts on each direction of curvature $\lambda$ by itself, as the number $1 - \alpha\lambda$:
#
# - $\alpha\lambda \ll 1$: the direction hardly moves in the inner step. Both gradients agree.
# - $\alpha\lambda = 1$: the inner step lands at the optimum of this direction, wherever it started. MAML's gradient is
#   zero there, since the initialisation does not matter. FOMAML's is not.
# - $\alpha\lambda > 1$: the inner step jumps across the optimum. MAML's gradient and FOMAML's have opposite signs.
#
# ## Where descent ends
#
# A wrong length of the gradient only costs time. A wrong balance between tasks moves the goal. Take tasks of one dimension,
# $L(\theta) = \frac{\lambda}{2}(\theta - c)^2$ for support and query alike. After the inner step
# $\theta' - c = (1 - \alpha\lambda)(\theta - c)$, so that
#
# $$\nabla M = \lambda (1 - \alpha\lambda)^2 (\theta - c), \qquad \text{FOMAML:} \quad \lambda (1 - \alpha\lambda) (\theta - c)$$
#
# Over several tasks both are zero at a weighted mean of the centres $c$, but with other weights.

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
# The steep task (curvature 3) is nearly solved by the inner step itself: $1 - 0.3 \cdot 3 = 0.1$. MAML therefore starts
# near the flat task, for which one step does little. FOMAML sees the remaining error of the steep task with the weight 0.1
# instead of 0.01 and stops in between. Joint training, without an inner step, starts nearest to the steep one.
#
# ## A network
#
# Now a network with two hidden layers on one sine wave. Its Hessian would be a large matrix, but only its product with
# the vector $\nabla L_q(\theta')$ is needed, and that is the derivative of the gradient along this vector. One step:
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
# How far apart are the two directions? The cosine of their angle, by inner rate and number of steps, averaged over waves:


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
# ## Does it matter for the result?
#
# The same training with and without the factor: 25 waves a meta-batch, one inner step, Adam, 600 iterations. Afterwards
# the error on new waves, after 0 to 5 steps. (The package trains far longer: see the pages of MAML and FOMAML.)


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
# With a small rate both do nearly the same, because $(I - \alpha H)$ is nearly $I$; but then one step also changes little,
# for either. With the rate at which one step is worth something, the factor is what teaches MAML *how* the step will
# act. The benchmark's tables show the same with more training: compare MAML and FOMAML on sine waves, where the difference after
# one step is large, and on 5-way Omniglot, where longer training makes it small ([results](../../reference/results.md)).
#
# In the package it is one hyper-parameter, `first_order` of [MAML](../../algorithms/maml.md); the recipe of
# [FOMAML](../../algorithms/fomaml.md) sets it; FOMAML has no class of its own.
#
# **Try:** `torch.tanh` to `torch.relu` in the network. A piecewise linear network has no curvature inside a piece, and yet
# $H$ is not zero. Where does it come from?
