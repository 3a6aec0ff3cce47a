"""Progress of a run: one line that is rewritten in a terminal, plain log lines otherwise."""

from __future__ import annotations

import logging
import sys
import time

log = logging.getLogger(__name__)


class Progress:
    """Shows iteration, loss, validation score and time left."""

    def __init__(self, name: str, iterations: int, done: int) -> None:
        self.name, self.iterations, self.first = name, iterations, done
        self.began = time.monotonic()

    def show(self, iteration: int, row: dict[str, float]) -> None:
        """Report the validation after `iteration`; `row` is its row of training.csv."""
        line = (
            f"{self.name}: iteration {iteration}/{self.iterations}, loss {row['loss']:.4g}, "
            f"validation {row['validation']:.4g}, {self._left(iteration):.0f} s left"
        )
        if not sys.stderr.isatty():
            log.info(line)
            return
        sys.stderr.write(f"\r\033[K{line}" + ("\n" if iteration == self.iterations else ""))
        sys.stderr.flush()

    def _left(self, iteration: int) -> float:
        done = iteration - self.first
        return (time.monotonic() - self.began) / done * (self.iterations - iteration) if done else 0.0
