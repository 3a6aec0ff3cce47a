"""A terminal with a few lines at its bottom that live, below lines that stay; without a terminal, lines that stay."""

import shutil
from collections.abc import Sequence
from io import TextIOBase

UP, CLEAR = "\033[{}F", "\033[J"


class Screen:
    """Where lines are written to."""

    def __init__(self, stream: TextIOBase) -> None:
        self.stream, self.is_terminal = stream, stream.isatty()
        self._living: Sequence[str] = ()

    def say(self, *lines: str) -> None:
        """Write lines that stay."""
        self._write(*lines, living=self._living)

    def show(self, *lines: str) -> None:
        """Let these be the lines that live."""
        self._write(living=lines)

    def _write(self, *lines: str, living: Sequence[str]) -> None:
        above = UP.format(len(self._living)) + CLEAR if self._living else ""
        self._living = [_cut(line) for line in living] if self.is_terminal else ()
        self.stream.write(above + "".join(f"{line}\n" for line in [*lines, *self._living]))
        self.stream.flush()


def _cut(line: str) -> str:
    """A line that a terminal does not break in two: it would be one too many to go up."""
    columns = shutil.get_terminal_size().columns
    return line if len(line) < columns else f"{line[: columns - 2]}…"
