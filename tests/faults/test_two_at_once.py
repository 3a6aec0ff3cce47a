"""Two workflows at once in one folder: the second one says so and touches nothing."""

import pytest
from faults import bits, said, started, wait_for_snapshot
from temporary_project import Project

OWN = (".rolling", ".snakemake", ".dvc/tmp", "logs", "__pycache__", "training.csv")


def times(project: Project) -> dict[str, int]:
    """When each file was last written, without those that the first workflow writes in the meantime."""
    found = {
        path.relative_to(project.path).as_posix(): path.stat() for path in project.path.rglob("*") if path.is_file()
    }
    return {name: one.st_mtime_ns for name, one in found.items() if not any(own in name for own in OWN)}


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        (("snakemake", "--cores", "2"), ("snakemake", "--cores", "2"), "snakemake --unlock"),
        (("snakemake", "--cores", "2"), ("dvc", "repro"), "snakemake --unlock"),
        (("dvc", "repro"), ("snakemake", "--cores", "2"), "snakemake --unlock"),
        (("dvc", "repro"), ("dvc", "repro"), "busy"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_the_second_says_so_and_touches_nothing(fresh, undisturbed, first, second, word):
    fresh.set_parameter("learners.maml.training.iterations", 20_000)
    process = started(fresh, *first)
    wait_for_snapshot(fresh)
    before = times(fresh)
    try:
        output = fresh.call(*second, status=255 if second[0] == "dvc" else 1)
        assert word in output and "Traceback" not in output
        assert process.is_running(), said(fresh).read_text()
        assert before.items() <= times(fresh).items()
    finally:
        process.terminate()
        process.wait()
    fresh.set_parameter("learners.maml.training.iterations", 200)
    fresh.call(*first)
    assert bits(fresh) == bits(undisturbed)
