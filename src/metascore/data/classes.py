"""The table of a data set's classes: classes.csv."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from metascore.errors import UserError
from metascore.files import write_rows


@dataclass(frozen=True)
class Row:
    """A class: its folder, the folder around that, and the range of its pictures in images.npy."""

    name: str
    group: str
    first: int
    count: int


def write(path: Path, rows: list[Row]) -> None:
    """Write one row for each class."""
    write_rows(path, [field.name for field in fields(Row)], map(asdict, rows))


def read(path: Path) -> list[Row]:
    """Return one row for each class. Raises UserError where the table is missing or damaged."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        return [Row(one["name"], one["group"], int(one["first"]), int(one["count"])) for one in lines]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        what = " ".join(str(error).split())
        raise UserError(f"{path}: {what}: run `metascore pictures --name {path.parent.name}` again") from error
