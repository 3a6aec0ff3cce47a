"""Tensors by name: what a learner keeps, and the statistics of batch norm."""

from __future__ import annotations

from torch import Tensor

Params = dict[str, Tensor]
Moments = dict[str, Tensor]  # means and variances of batch norm, by layer
