"""How many episodes are mapped over at once: a number, or as many as memory holds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Literal, TypeVar

import torch

from metascore.errors import OUT_OF_MEMORY

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Stated = int | Literal["auto"] | None  # what a recipe says


class ChunkSize:
    """A number of episodes; with `auto`, half of it from the moment on that memory runs out.

    Sums over chunks depend on their size in the last digits: `auto` gives the same bits on equal devices only.
    """

    def __init__(self, stated: Stated, usual: int) -> None:
        """`usual` is the problem's size, with which `auto` begins, and which is taken where none is stated."""
        self.size = stated if isinstance(stated, int) else usual
        self.is_automatic = stated == "auto"

    def attempt(self, function: Callable[[int], Result], forget: Callable[[], None] = lambda: None) -> Result:
        """What a function of the size returns; `forget` frees what a failed attempt has left."""
        while True:
            try:
                return function(self.size)
            except (MemoryError, RuntimeError) as error:
                if not (self.is_automatic and self.size > 1 and is_out_of_memory(error)):
                    raise
            self.size //= 2
            log.warning("out of memory: training.chunk_size is now %d", self.size)
            forget()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out; torch has no exception of its own for that on a CPU."""
    return isinstance(error, MemoryError) or re.search(OUT_OF_MEMORY, str(error)) is not None
