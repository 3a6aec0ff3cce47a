"""One file of frozen episodes: which problem, which part, how many."""

from __future__ import annotations

from dataclasses import dataclass

from metascore.problems.base import Problem


@dataclass(frozen=True)
class EpisodeFile:
    """One file of frozen episodes: a problem, a part, and how many."""

    problem: Problem
    part: str
    count: int

    @property
    def name(self) -> str:
        """Its path below data/episodes: that of its generator's stream, with the count."""
        return f"{self.problem.stream(self.part).removesuffix('.npy')}-{self.count}.npy"
