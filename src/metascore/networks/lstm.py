"""The long short-term memory cell, as a pure function of named tensors."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.initialisation import uniform
from metascore.networks.layers import linear
from metascore.networks.tensors import Params


def lstm_parameters(
    generator: torch.Generator, name: str, inputs: int, units: int, hidden: int | None = None
) -> Params:
    """An LSTM layer (Hochreiter and Schmidhuber 1997), its forget gates open at first.

    `hidden` is the length of the recurrent input, where that is more than the hidden state.
    """
    bias = torch.zeros(4, units)
    bias[1] = 1
    weight = uniform(generator, inputs + (units if hidden is None else hidden), 4 * units)
    return {f"{name}.weight": weight, f"{name}.bias": bias.flatten()}


def lstm_step(
    params: Params, name: str, x: Float[Tensor, "*n inputs"], hidden: Tensor, cell: Float[Tensor, "*n units"]
) -> tuple[Float[Tensor, "*n units"], Float[Tensor, "*n units"]]:
    """The next hidden state and cell."""
    i, f, o, g = linear(params, torch.cat([x, hidden], -1), name).chunk(4, -1)
    cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell
