"""The same arithmetic by other means: a plain loop, and the libraries that people use for it.

Each peer turns a setting, parameters and a batch of episodes into the meta-gradient, by the names of our parameters,
or into the test accuracy of every episode. What all share is the network, as a module of PyTorch's own layers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from benchmarks.settings import INNER_LR, TEST_STEPS, WIDTH, Setting
from metascore.networks.encoder import LAYERS
from metascore.networks.kernels import NORM_EPSILON
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples

Gradient = dict[str, Tensor]
Peer = Callable[[Setting, Params, Episode], Gradient]
Measure = Callable[[Setting, Params, Episode], list[float]]


class Module(nn.Module):
    """Our network in PyTorch's own layers and its usual layout, with our parameters."""

    def __init__(self, params: Params) -> None:
        super().__init__()
        way = params["head.bias"].shape[0]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1 if layer == 0 else WIDTH, WIDTH, 3, stride=2, padding=1, bias=False) for layer in range(LAYERS)
        )
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(WIDTH, eps=NORM_EPSILON, track_running_stats=False) for _ in range(LAYERS)
        )
        self.head = nn.Linear(4 * WIDTH, way)
        self.to(params["head.bias"].dtype)
        with torch.no_grad():
            for ours, theirs in self.pairs():
                theirs.copy_(_theirs(ours, params[ours]))

    def forward(self, x: Tensor) -> Tensor:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(convolution(x)).relu()
        logits: Tensor = self.head(x.permute(0, 2, 3, 1).flatten(1))
        return logits

    def pairs(self) -> list[tuple[str, Tensor]]:
        """The names of our parameters, each with the parameter here."""
        found: list[tuple[str, Tensor]] = []
        for k, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True), 1):
            (weight,), (gain, bias) = convolution.parameters(), norm.parameters()
            found += [(f"conv{k}.weight", weight), (f"norm{k}.gain", gain), (f"norm{k}.bias", bias)]
        return [*found, ("head.weight", self.head.weight), ("head.bias", self.head.bias)]

    def adapted(self) -> list[Tensor]:
        """What the inner loop changes: all but batch norm."""
        return [value for name, value in self.pairs() if not name.startswith("norm")]

    def start(self) -> dict[str, Tensor]:
        """The parameters by PyTorch's names, where an inner loop begins."""
        return dict(self.named_parameters())

    def slopes(self) -> Gradient:
        """What `backward` left, by our names."""
        return self.in_our_names([value.grad for _, value in self.pairs() if value.grad is not None])

    def in_our_names(self, gradients: list[Tensor]) -> Gradient:
        """Gradients in the order of `pairs`, by our names and in our layout."""
        return {name: _ours(name, value) for (name, _), value in zip(self.pairs(), gradients, strict=True)}


def _theirs(name: str, value: Tensor) -> Tensor:
    if name.startswith("conv"):
        return value.reshape(WIDTH, 3, 3, -1).permute(0, 3, 1, 2)
    return value.T if name == "head.weight" else value


def _ours(name: str, value: Tensor) -> Tensor:
    if name.startswith("conv"):
        return value.permute(0, 2, 3, 1).reshape(WIDTH, -1)
    return value.T if name == "head.weight" else value


def tasks(batch: Episode) -> list[Episode]:
    """The episodes of a batch one by one, images in PyTorch's layout."""
    count = len(batch.support.x)
    return [Episode(*(_examples(part, k) for part in batch)) for k in range(count)]


def _examples(part: Examples, k: int) -> Examples:
    return Examples(part.x[k].permute(0, 3, 1, 2).contiguous(), part.y[k], part.class_id[k])


def _loss(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits, y)


def plain_loop(setting: Setting, params: Params, batch: Episode) -> Gradient:
    """What one writes first: torch.autograd.grad in a loop over tasks."""
    module = Module(params)
    names = [name for name, _ in module.named_parameters()]
    start = module.start()
    inner = [name for name in names if not name.startswith("norms")]
    for support, query in tasks(batch):
        fast = dict(start)
        for _ in range(setting.steps):
            loss = _loss(functional_call(module, fast, support.x), support.y)
            found = torch.autograd.grad(loss, [fast[name] for name in inner], create_graph=not setting.first_order)
            fast |= {name: fast[name] - INNER_LR * value for name, value in zip(inner, found, strict=True)}
        loss = _loss(functional_call(module, fast, query.x), query.y) / setting.tasks
        torch.autograd.backward(loss)
    return module.slopes()


def higher(setting: Setting, params: Params, batch: Episode) -> Gradient:
    """Grefenstette et al. 2019, arXiv:1910.01727."""
    import higher as library

    module = Module(params)
    optimiser = torch.optim.SGD(module.adapted(), lr=INNER_LR)
    total = {name: torch.zeros_like(value) for name, value in module.named_parameters()}
    for support, query in tasks(batch):
        with library.innerloop_ctx(
            module, optimiser, copy_initial_weights=False, track_higher_grads=not setting.first_order
        ) as (fast, inner):
            for _ in range(setting.steps):
                inner.step(_loss(fast(support.x), support.y))
            loss = _loss(fast(query.x), query.y) / setting.tasks
            with_respect_to = fast.parameters() if setting.first_order else fast.parameters(time=0)
            for name, value in zip(total, torch.autograd.grad(loss, list(with_respect_to)), strict=True):
                total[name] += value
    names = {id(value): name for name, value in module.named_parameters()}
    return module.in_our_names([total[names[id(value)]] for _, value in module.pairs()])


def torchopt(setting: Setting, params: Params, batch: Episode) -> Gradient:
    """Ren et al. 2022, arXiv:2211.06934: its functional optimiser."""
    import torchopt as library

    module = Module(params)
    start = module.start()
    fixed = {name: value for name, value in start.items() if name.startswith("norms")}
    optimiser = library.sgd(lr=INNER_LR)
    for support, query in tasks(batch):
        fast = {name: value for name, value in start.items() if name not in fixed}
        state = optimiser.init(fast)
        for _ in range(setting.steps):
            loss = _loss(functional_call(module, fast | fixed, support.x), support.y)
            found = torch.autograd.grad(loss, list(fast.values()), create_graph=not setting.first_order)
            updates, state = optimiser.update(dict(zip(fast, found, strict=True)), state, inplace=False)
            fast = library.apply_updates(fast, updates, inplace=False)
        loss = _loss(functional_call(module, fast | fixed, query.x), query.y) / setting.tasks
        torch.autograd.backward(loss)
    return module.slopes()


def plain_accuracies(setting: Setting, params: Params, batch: Episode) -> list[float]:
    """Test accuracy after adaptation, in a plain loop."""
    module = Module(params)
    inner = [name for name, _ in module.named_parameters() if not name.startswith("norms")]
    found = []
    for support, query in tasks(batch):
        fast = module.start()
        for _ in range(TEST_STEPS):
            loss = _loss(functional_call(module, fast, support.x), support.y)
            slopes = torch.autograd.grad(loss, [fast[name] for name in inner])
            fast |= {
                name: (fast[name] - INNER_LR * slope).detach().requires_grad_()
                for name, slope in zip(inner, slopes, strict=True)
            }
        found.append(_accuracy(functional_call(module, fast, query.x), query.y))
    return found


def higher_accuracies(setting: Setting, params: Params, batch: Episode) -> list[float]:
    """With `track_higher_grads` off, as its documentation says for tests."""
    import higher as library

    module = Module(params)
    optimiser = torch.optim.SGD(module.adapted(), lr=INNER_LR)
    found = []
    for support, query in tasks(batch):
        with library.innerloop_ctx(module, optimiser, track_higher_grads=False) as (fast, inner):
            for _ in range(TEST_STEPS):
                inner.step(_loss(fast(support.x), support.y))
            found.append(_accuracy(fast(query.x), query.y))
    return found


def _accuracy(logits: Tensor, y: Tensor) -> float:
    return float((logits.argmax(1) == y).double().mean())


def gradients() -> dict[str, Peer]:
    """The peers that are installed, by what computes the meta-gradient."""
    return {"plain loop": plain_loop} | _installed({"higher": higher, "torchopt": torchopt})


def accuracies() -> dict[str, Measure]:
    """The peers that are installed, by what adapts and judges at test."""
    return {"plain loop": plain_accuracies} | _installed({"higher": higher_accuracies})


def _installed(peers: dict[str, Any]) -> dict[str, Any]:
    return {name: peer for name, peer in peers.items() if importlib.util.find_spec(name)}
