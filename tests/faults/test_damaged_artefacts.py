"""Files that were damaged or removed: the same command makes them again, to the same bits."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faults import SNAKEMAKE, started, wait_for_snapshot
from temporary_project import Project
from tiny_workflow import MAML_LOG, bits

RUN, SCORES = "results/smoke/runs/omniglot_5w1s/maml/0", "results/smoke/scores/omniglot_5w1s/maml/0"


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("data/episodes/omniglot/test-5w1s5q-32.npy", Path.unlink),
        (f"{RUN}/checkpoint.safetensors", Path.unlink),
        (f"{RUN}/run.json", halve),
        (f"{SCORES}.npy", Path.unlink),
        (f"{SCORES}.json", halve),
        ("results/smoke/digests.json", halve),
        ("results/smoke/report.html", Path.unlink),
    ],
)
def test_a_missing_file_or_a_damaged_record_is_made_again(
    finished: Project, undisturbed: Project, file: str, damage: Callable[[Path], None]
):
    damage(finished.path / file)
    finished.call(*SNAKEMAKE)
    assert bits(finished.path) == bits(undisturbed.path) and (finished.path / file).stat().st_size > 0
    assert finished.planned() == set()


def test_a_damaged_snapshot_is_named_and_the_run_starts_anew(fresh: Project, undisturbed: Project):
    process = started(fresh, *SNAKEMAKE)
    wait_for_snapshot(fresh)
    process.terminate()
    process.wait()
    (snapshot,) = fresh.path.glob(".rolling/*/snapshot.safetensors")
    halve(snapshot)
    fresh.call(*SNAKEMAKE)
    log = (fresh.path / MAML_LOG).read_text()
    assert f"{snapshot.relative_to(fresh.path)}: not a checkpoint" in log and "going on from" not in log
    assert bits(fresh.path) == bits(undisturbed.path)
