"""Configurations that were checked before: who asks for one again, of files that say the same, need not wait for it.

Reading and checking all budgets takes longer than much of what a workflow's jobs do. Imports no torch.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from metascore.config import checks, loading
from metascore.config.loading import Texts
from metascore.config.params import Config
from metascore.errors import UserError


class Remembered:
    """What `loading.load` gave, by what the files said and what was asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[Texts, str | None, bool], Config] = {}

    def prepare(self, budget: str | None) -> None:
        """Have the configuration of a budget at hand; what is wrong with it is for others to say."""
        with suppress(UserError):
            texts = loading.texts()
            self._known[texts, budget, True] = loading.checked(texts, budget)

    def load(self, path: str | Path = "params.yaml", budget: str | None = None, lengths: bool = True) -> Config:
        """As `loading.load`, to the same end; data may have come since, so that they are looked at each time."""
        texts = loading.texts(path)
        config = self._known.get((texts, budget, lengths)) or loading.checked(texts, budget, lengths)
        checks.check_shapes(config)
        return config
