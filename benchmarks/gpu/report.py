"""Results that are on the disk as soon as they are measured, and the deadline that ends the measurements."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Deadline:
    """When the measurements must have ended; a thread ends the process there, even inside a kernel that hangs."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, os._exit, [0])
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def cancel(self) -> None:
        """The process goes on."""
        self._timer.cancel()


class Report:
    """Two files: `results.jsonl`, one line a row, flushed at once, and `report.md`, a table a section."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.rows = folder, dict[str, list[Row]]()
        self._file = (folder / "results.jsonl").open("w", encoding="utf-8")

    def add(self, section: str, row: Row) -> None:
        """Write a row down and print it."""
        self.rows.setdefault(section, []).append(row)
        line = json.dumps({"section": section, **row}, default=str)
        self._file.write(f"{line}\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        print(line, flush=True)
        (self.folder / "report.md").write_text("\n".join(self._markdown()) + "\n", encoding="utf-8")

    def close(self) -> None:
        """No more rows."""
        self._file.close()

    def _markdown(self) -> Iterator[str]:
        for section, rows in self.rows.items():
            columns = list(dict.fromkeys(key for row in rows for key in row))
            yield from (f"\n## {section}\n", _line(columns), _line(["---"] * len(columns)))
            yield from (_line([_cell(row.get(column, "")) for column in columns]) for row in rows)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
