"""Two workflows at once in one folder: the second one writes so and touches nothing."""

import pytest
from faults import DVC, SNAKEMAKE, started, wait_for_snapshot
from temporary_project import Project

OWN = (".rolling", ".snakemake", ".dvc/tmp", "logs", "__pycache__", "training.csv")


def times(project: Project) -> dict[str, int]:
    """When each file was last written, without those that the first workflow writes in the meantime."""
    found = {path.relative_to(project.path).as_posix(): path for path in project.path.rglob("*") if path.is_file()}
    return {name: path.stat().st_mtime_ns for name, path in found.items() if not any(own in name for own in OWN)}


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [(SNAKEMAKE, SNAKEMAKE, "snakemake --unlock"), (SNAKEMAKE, DVC, "snakemake --unlock"), (DVC, DVC, "busy")],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_the_second_writes_so_and_touches_nothing(fresh: Project, first, second, word):
    fresh.set_parameter("learners.maml.training.iterations", 20_000)
    process = started(fresh, *first)
    wait_for_snapshot(fresh)
    before = times(fresh)
    try:
        output = fresh.call(*second, status=255 if second == DVC else 1)
        assert word in output and "Traceback" not in output
        assert process.is_running() and before.items() <= times(fresh).items()
    finally:
        process.terminate()
        process.wait()
