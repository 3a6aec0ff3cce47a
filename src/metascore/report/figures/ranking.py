"""Figure `ranking`: MetaScores with their intervals."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, distance_to_perfect
from metascore.report.style import Style, family_key, interval, name_rows, panels, styles
from metascore.report.table_cells import rank_text, varies

PLACE = 1
LETTER = 0.065  # inches that one of a name takes, with those of its rank
CAPTION = (
    "MetaScore of each learner with its 95 % interval: the area under the adaptation curve, 0 at chance and 100 at "
    "perfect."
)


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return ranking(numbers.scores, numbers.titles)


def ranking(table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """MetaScores with their intervals, a panel a task, the best on top, each with its rank."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    heights = {str(task): 0.3 + 0.2 * len(rows) for task, rows in table.groupby("task")}
    longest = max(len(_name(row)) for row in table.to_dict("records"))
    figure, places = panels(titles, heights, left=max(1.5, LETTER * longest), right=1.05)
    for task, rows in table.groupby("task", sort=False):
        _panel(places[str(task)], rows, drawn)
    family_key(figure, list(table["family"]))
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, drawn: dict[str, Style]) -> None:
    ends = rows[["metascore_low", "metascore", "metascore_high"]].to_numpy(dtype=float)
    low, high = np.nanmin(ends), np.nanmax(ends)
    distance_to_perfect(axes.set_xscale, axes.set_xlim, axes.set_xticks, low, rows["metascore"].max(), high)
    records = rows.to_dict("records")
    name_rows(axes, rows["learner"].tolist(), [_name(row) for row in records], drawn)
    for height, row in zip(range(len(rows) - 1, -1, -1), records, strict=True):
        low, point, high = row["metascore_low"], row["metascore"], row["metascore_high"]
        interval(axes, low, point, high, height, drawn[row["learner"]])
        text = f"{point:z.1f}" + (f"  [{low:z.1f}, {high:z.1f}]" if varies(low, high) else "")
        axes.annotate(text, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=FONT)
    if rows["rank_low"].notna().any():
        axes.annotate("rank", (-0.03, 1.01), xycoords="axes fraction", ha="right", fontsize=FONT, color="0.4")
    axes.set_xlabel("MetaScore and 95 % interval (0 = chance, 100 = perfect)", fontsize=FONT)


def _name(row: dict) -> str:
    """A learner with its rank, if there are any."""
    return f"{row['learner']}   {rank_text(row['rank_low'], row['rank_high'])}".rstrip()
