"""DropBlock (Ghiasi, Lin and Le 2018): dropout of square regions of a map.

gamma = rate / size^2 * (h w) / ((h - size + 1) (w - size + 1))        the rate of region centres, equation 1
keep  = no centre within a square of `size` pixels
y     = x keep / mean(keep)
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.networks.tensors import Params  # noqa: F401


def dropped(
    x: Float[Tensor, "n h w c"], noise: Float[Tensor, "m h w c"], rate: float, size: int
) -> Float[Tensor, "n h w c"]:
    """The maps without the regions that the noise selects; m is at least n, and the first n rows count."""
    height, width = x.shape[1:3]
    size = min(size, height, width)
    gamma = rate / size**2 * height * width / ((height - size + 1) * (width - size + 1))
    centres = (noise[: len(x)] < gamma).to(x.dtype)
    keep = 1 - _spread(centres, size)
    return x * keep / keep.mean().clamp(min=torch.finfo(x.dtype).eps)


def _spread(centres: Float[Tensor, "n h w c"], size: int) -> Float[Tensor, "n h w c"]:
    """1 wherever a centre is within the square of `size` pixels around a position."""
    before = size // 2
    padded = functional.pad(centres, (0, 0, before, size - 1 - before, before, size - 1 - before))
    rows = torch.stack([padded[:, k : k + centres.shape[1]] for k in range(size)]).amax(0)
    return torch.stack([rows[:, :, k : k + centres.shape[2]] for k in range(size)]).amax(0)
