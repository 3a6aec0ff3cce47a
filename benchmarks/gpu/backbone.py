"""ResNet-12 at 84 x 84 pixels: seconds and memory of a training step, in float32 and bfloat16."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, each, seconds
from metascore.networks.resnet12 import ResNet12
from metascore.networks.tensors import Params
from metascore.randomness import generator

SECONDS = 30
SIDE, WIDTH, IMAGES = 84, 64, (25, 100, 200)
TINY_SIDE, TINY_WIDTH, TINY_IMAGES = 32, 4, (4,)
LEAST = 10.0


def rows(setup: Setup) -> Iterator[Row]:
    """A row for each number of images and precision."""
    names = (
        ({"images": images, "precision": str(dtype).removeprefix("torch.")}, partial(_row, setup, images, dtype))
        for images in (TINY_IMAGES if setup.tiny else IMAGES)
        for dtype in (torch.float32, torch.bfloat16)
    )
    yield from each(names, setup.deadline, LEAST)


def _row(setup: Setup, images: int, dtype: torch.dtype) -> Row:
    side, width = (TINY_SIDE, TINY_WIDTH) if setup.tiny else (SIDE, WIDTH)
    network = ResNet12(example=(side, side, 3), width=width)
    params = {name: value.to(setup.device) for name, value in network.initialise(generator(0, "backbone")).items()}
    x = torch.rand(images, side, side, 3, device=setup.device)
    on_cuda = setup.device.type == "cuda"
    if on_cuda:
        torch.cuda.reset_peak_memory_stats()
    taken = seconds(partial(_step, network, params, x, dtype), setup.device, 0.01 if setup.tiny else 1.0, most=50)
    memory = torch.cuda.max_memory_allocated() / 2**30 if on_cuda else float("nan")
    return {"ms": 1000 * taken, "images/s": images / taken, "memory, GiB": memory}


def _step(network: ResNet12, params: Params, x: torch.Tensor, dtype: torch.dtype) -> None:
    """Features and the gradient of their mean square."""
    leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
    with torch.autocast(x.device.type, dtype=dtype, enabled=dtype != torch.float32):
        loss = network(leaves, x).float().square().mean()
    torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
