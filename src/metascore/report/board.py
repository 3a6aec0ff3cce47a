"""The board of one task as cells: ranks, and how stable they are."""

import numpy as np
import pandas as pd

from metascore.report.table_cells import rank_text

READING = (
    "Rank: every place that the tests of all pairs leave possible. Halves: the ranks by MetaScore on random halves of "
    "the test episodes, 95 of 100 of them; and in how many of 100 halves a learner has the rank that it has on all."
)


def board_cells(board: pd.DataFrame) -> pd.DataFrame:
    """A row a learner, as people read it."""
    return pd.DataFrame(
        {
            "rank": _ranks(board, "rank"),
            "learner": board["learner"],
            "MetaScore": [_estimate(*one) for one in board[list(ENDS)].itertuples(index=False)],
            "halves": _ranks(board, "half"),
            "the same, %": ["" if pd.isna(same) else f"{100 * same:.0f}" for same in board["same"]],
        }
    )


ENDS = ("metascore", "metascore_low", "metascore_high")


def _ranks(board: pd.DataFrame, name: str) -> list[str]:
    return [rank_text(*ends) for ends in zip(board[f"{name}_low"], board[f"{name}_high"], strict=True)]


def _estimate(point: float, low: float, high: float) -> str:
    """Without ± where there is no interval."""
    reach = max(high - point, point - low)
    return f"{point:z.1f} ± {reach:.1f}" if np.isfinite(reach) else f"{point:z.1f}"
