"""A small workflow whose stages are real, undisturbed: what every fault must end in, to the bit."""

from pathlib import Path

import pytest
from tiny_workflow import finished, fresh, mark_slow, pristine, undisturbed  # noqa: F401


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    mark_slow(items, Path(__file__).parent)
