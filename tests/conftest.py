"""What every test shares: annotations of tensors checked at each call, one thread, tiny problems of easy images."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from annotations import check_every_call

check_every_call("metascore")  # before its first import

from metascore.problems.examples import Episode, Episodes  # noqa: E402
from metascore.problems.navigation import Navigation  # noqa: E402
from metascore.problems.omniglot import Omniglot  # noqa: E402
from metascore.problems.sine import Sine  # noqa: E402
from metascore.store import revisions  # noqa: E402

CHARACTERS = 30

for variable in set(os.environ) - set(revisions.environment()):
    del os.environ[variable]  # where a hook runs the tests, git would change the contributor's own repository
os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}  # no signed commits, no hooks of the user's

torch.set_num_threads(1)
hypothesis.settings.register_profile("metascore", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("metascore")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def images() -> torch.Tensor:
    """Images (30, 20, 28, 28) in Omniglot's format: a character is a pattern of blocks, drawn with little noise."""
    random = np.random.default_rng(0)
    blocks = random.random((CHARACTERS, 1, 7, 7)) < 0.3
    ink = np.kron(blocks, np.ones((4, 4))) * random.uniform(0.7, 1, (CHARACTERS, 20, 28, 28))
    return torch.from_numpy((255 * ink).astype(np.uint8))


@pytest.fixture(scope="session")
def make_episodes(images: torch.Tensor) -> Callable[..., Episodes]:
    """A function that draws `count` easy episodes of a shape."""

    def make(name: str = "omniglot", way: int = 3, shot: int = 2, query: int = 3, count: int = 4) -> Episodes:
        if name == "sine":
            waves = Sine(shot=shot, query=query)
            return waves.episodes(waves.draw("train", count, {"seed": 0, "grid": False}), torch.device("cpu"))
        if name == "navigation":
            goals = Navigation(shot=10 * shot, query=10 * query)  # a few trajectories teach a policy nothing
            return goals.episodes(goals.draw("train", count, {"seed": 0}), torch.device("cpu"))
        drawings = Omniglot(way=way, shot=shot, query=query, num_classes=CHARACTERS)
        return drawings.episodes(drawings.draw_among(list(range(CHARACTERS)), "train", count, False, 0), images)

    return make


@pytest.fixture
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are empty where nobody looks at them: to draw them takes most of a report's time."""
    from metascore.report import declarations
    from metascore.stages import aggregate

    empty = {one.name: b"" for one in declarations.figures()}
    monkeypatch.setattr(aggregate, "drawings", lambda numbers: ([], empty))


@pytest.fixture
def float64() -> Iterator[Callable[[Episode], Episode]]:
    """New tensors have double precision; the fixture is a function that converts an episode to it."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield lambda episode: Episode(*(part._replace(x=part.x.double(), y=_double(part.y)) for part in episode))
    torch.set_default_dtype(before)


def _double(y: torch.Tensor) -> torch.Tensor:
    return y.double() if y.is_floating_point() else y
