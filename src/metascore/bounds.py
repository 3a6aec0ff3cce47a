"""What numbers and texts may be, as annotations that pydantic reads and that import nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Bounds:
    """A number is between `least` and `most`; greater than `above`, where that is given."""

    most: float | None = None
    least: float | None = None
    above: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of a number with these bounds; its keys are pydantic's."""
        bounds = {"le": self.most, "ge": self.least, "gt": self.above}
        return handler(source) | {name: bound for name, bound in bounds.items() if bound is not None}


@dataclass(frozen=True)
class Pattern:
    """A text matches this regular expression."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of a text with this pattern."""
        return handler(source) | {"pattern": self.pattern}


Positive = Annotated[int, Bounds(100_000_000, least=1)]
Ways = Annotated[int, Bounds(100_000_000, least=2)]
NotNegative = Annotated[int, Bounds(least=0)]
NotNegativeFloat = Annotated[float, Bounds(least=0)]
Iterations = Annotated[int, Bounds(100_000_000, least=0)]
Rate = Annotated[float, Bounds(1_000_000, least=0)]
AboveZero = Annotated[float, Bounds(1_000_000, above=0)]
