"""Times of the former report, which a report of the same scores keeps: a reproduction changes no file in git."""

import io
from pathlib import Path

import pandas as pd

from metascore.store.paths import Results

CLOCK = ["seconds", "tasks_per_second", "device"]  # columns that another run of the same bits has otherwise


def with_times(scores: pd.DataFrame, learning: pd.DataFrame, files: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of scores and of learning curves, with the former report's times if all other numbers are equal."""
    found = [
        _with_former(table, files.table(name, "csv")) for table, name in ((scores, "scores"), (learning, "learning"))
    ]
    kept = [table for table in found if table is not None]
    return (kept[0], kept[1]) if len(kept) == len(found) else (scores, learning)


def _with_former(table: pd.DataFrame, path: Path) -> pd.DataFrame | None:
    """None where there is no former table, or where it differs in other columns."""
    if not path.is_file():
        return None
    former, now = _texts(path.read_text(encoding="utf-8")), _texts(table.to_csv(index=False))
    clock = [name for name in CLOCK if name in now]
    if list(former.columns) != list(now.columns) or not former.drop(columns=clock).equals(now.drop(columns=clock)):
        return None
    return table.assign(**{name: former[name].astype(table[name].dtype).to_numpy() for name in clock})


def _texts(csv: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(csv), dtype=str, keep_default_na=False)
