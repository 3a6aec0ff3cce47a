"""The order in which meta-training visits the episodes of its file."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from metascore.randomness import numpy_generator


def episode_indices(count: int, seed: int, iteration: int, meta_batch: int) -> np.ndarray:
    """The indices (meta_batch,) of the episodes, out of `count`, that meta-step `iteration` trains on.

    Each seed and each epoch has its own random order.
    """
    places = np.arange(iteration * meta_batch, (iteration + 1) * meta_batch)
    return np.array([_order(count, seed, int(place // count))[place % count] for place in places])


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> np.ndarray:
    return numpy_generator(seed, "order of training episodes", epoch).permutation(count)
