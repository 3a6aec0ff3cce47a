"""ResNet-12 as anyone writes it, filled with our tensors."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from metascore.networks.kernels import NORM_EPSILON
from metascore.networks.tensors import Moments, Params


class Norm(nn.Module):
    """Batch norm by the batch's own statistics or by given ones."""

    def __init__(self, params: Params, name: str, given: Moments | None) -> None:
        super().__init__()
        self.gain, self.bias = params[f"{name}.gain"], params[f"{name}.bias"]
        self.given = None if given is None else (given[f"{name}.mean"], given[f"{name}.variance"])

    def forward(self, z: Tensor) -> Tensor:
        mean, variance = self.given or (None, None)
        return functional.batch_norm(z, mean, variance, self.gain, self.bias, self.given is None, eps=NORM_EPSILON)


def convolved(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    """3 x 3 in PyTorch's layout; our rows are filters in the order (row, column, channel)."""
    kernel = weight.reshape(len(weight), 3, 3, -1).permute(0, 3, 1, 2)
    return functional.conv2d(x, kernel, stride=stride, padding=1)


def pointwise(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    return functional.conv2d(x, weight.T[..., None, None], stride=stride)


def resnet12(params: Params, images: Tensor, given: Moments | None) -> Tensor:
    x = images.permute(0, 3, 1, 2)
    for b in range(1, 5):
        z = x
        for k in (1, 2, 3):
            z = Norm(params, f"norm{b}.{k}", given)(convolved(z, params[f"conv{b}.{k}.weight"]))
            z = z if k == 3 else functional.leaky_relu(z, 0.1)
        shortcut = Norm(params, f"norm{b}.shortcut", given)(pointwise(x, params[f"conv{b}.shortcut.weight"]))
        x = functional.max_pool2d(functional.leaky_relu(z + shortcut, 0.1), 2)
    return x.mean((2, 3))
