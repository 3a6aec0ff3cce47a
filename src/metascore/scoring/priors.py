"""How far learners of functions are from the mean function before adaptation, and how far they move."""

import numpy as np
import pandas as pd

MOVES = (1, 5, 10)  # adaptation steps
COLUMNS = ["task", "learner", "seed", "distance_to_mean", *(f"moved_{k}" for k in MOVES)]


def prior_table(task: str, figure_data: dict[str, dict[int, dict[str, np.ndarray]]]) -> pd.DataFrame:
    """A row a learner and seed, from the figure data that fine-tuning wrote.

    distance_to_mean: mean squared distance of the unadapted function from E[A sin(x - phase)], over [-5, 5].
    moved_k: mean squared distance between the function after k steps and the unadapted one, over test episodes.
    """
    rows = [
        [task, learner, seed, float(one["distance_to_mean"]), *map(float, one["moved"])]
        for learner, seeds in figure_data.items()
        for seed, one in seeds.items()
        if "moved" in one
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
