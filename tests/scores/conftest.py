"""What tests of the report share."""

import pytest

from metascore.report import declarations
from metascore.stages import aggregate
from metascore.store.paths import FIGURE_FORMATS


@pytest.fixture
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are empty where nobody looks at them: to draw them takes most of a report's time."""
    empty = {(one.name, suffix): b"<svg/>" for one in declarations.figures() for suffix in FIGURE_FORMATS}
    monkeypatch.setattr(aggregate, "drawings", lambda numbers, formats, processes: empty)
