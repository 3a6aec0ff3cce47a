"""What figures show of test episodes: the same for all who are judged on them, so nobody's results keep it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from metascore.problems.episode_file import EpisodeFile
from metascore.store import inputs


def shown(file: EpisodeFile, data: Path) -> dict[str, np.ndarray]:
    """Arrays by name, as the problem's `shown` says, of the frozen test episodes of this file below `data`.

    Raises UserError where they, or what they are made of, are missing or damaged.
    """
    import torch

    (sized,) = inputs.sized([file], data)
    (episodes,) = inputs.read_episodes([sized], torch.device("cpu"), data)
    return sized.problem.shown(episodes)
