"""Figure `ranking`: MetaScores with their intervals."""

import numpy as np
from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, distance_to_perfect
from metascore.report.style import family_key, interval, name_rows, panel
from metascore.report.table_cells import rank_text, varies

PLACE = 1
CAPTION = (
    "MetaScore of each learner with its 95 % interval: the area under the adaptation curve, 0 at chance and 100 at "
    "perfect. Numbers beside the names are ranks."
)
ROW, LETTER = 0.2, 0.065  # inches: the height of a row, the width of a letter


def draw(numbers: Numbers, task: str) -> Figure:
    """A row a learner, the best on top."""
    rows, drawn = numbers.of(task), numbers.styles()
    records = rows.to_dict("records")
    names = {row["learner"]: _name(row) for row in records}
    left = max(1.2, 0.2 + LETTER * max(map(len, names.values())))
    figure, axes = panel(numbers.titles[task], 0.3 + ROW * len(rows), left, right=1.15)
    ends = rows[["metascore_low", "metascore", "metascore_high"]].to_numpy(dtype=float)
    distance_to_perfect(axes, "x", np.nanmin(ends), rows["metascore"].max(), np.nanmax(ends))
    name_rows(axes, names, drawn)
    for height, row in zip(range(len(rows) - 1, -1, -1), records, strict=True):
        low, point, high = row["metascore_low"], row["metascore"], row["metascore_high"]
        interval(axes, low, point, high, height, drawn[row["learner"]])
        text = f"{point:z.1f}" + (f"  [{low:z.1f}, {high:z.1f}]" if varies(low, high) else "")
        axes.annotate(text, (1.03, height), xycoords=("axes fraction", "data"), va="center", fontsize=FONT)
    axes.set_xlabel("MetaScore and 95 % interval, log scale of 100 − MetaScore", fontsize=FONT)
    family_key(figure, list(rows["family"]))
    return figure


def _name(row: dict) -> str:
    """A learner with its rank, if there is one."""
    return f"{row['learner']}   {rank_text(row['rank_low'], row['rank_high'])}".rstrip()
