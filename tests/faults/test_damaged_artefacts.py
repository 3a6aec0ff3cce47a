"""Every artefact flipped, halved, emptied or removed: found before use, named, and healed by the same command."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import started, wait_for_snapshot
from temporary_project import Project
from tiny_workflow import MAML_LOG, bits

RUN, SCORES = "results/smoke/runs/omniglot_5w1s/maml/0", "results/smoke/scores/omniglot_5w1s/maml/0"
ARTEFACTS = [
    "data/omniglot/images.npy",
    "data/omniglot/characters.csv",
    "data/omniglot/source.json",
    "data/splits/random.json",
    "data/episodes/omniglot/train-5w1s5q-64.npy",
    "data/episodes/omniglot/validation-5w1s5q-8.npy",
    "data/episodes/omniglot/test-5w1s5q-32.npy",
    f"{RUN}/checkpoint.safetensors",
    f"{RUN}/training.csv",
    f"{RUN}/run.json",
    f"{SCORES}.npy",
    f"{SCORES}.json",
    "results/smoke/metrics.json",
    "results/smoke/digests.json",
    "results/smoke/tables/scores.csv",
    "results/smoke/figures/ranking.png",
    "results/smoke/report.html",
]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = [flip, halve, empty, Path.unlink]


def told(project: Project, damage: Callable) -> str:
    """What a run says of the damage. Of a file that is gone only Snakemake's log tells, which has why each job runs."""
    said = project.call("snakemake", "--cores", "2")
    log = project.logs()[-1].read_text()
    return "".join(re.findall("Missing output files: .*", log)) if damage is Path.unlink else said


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("file", ARTEFACTS)
def test_damage_is_found_named_and_healed(finished: Project, undisturbed: Project, file: str, damage: Callable):
    damage(finished.path / file)
    assert file in told(finished, damage)
    assert bits(finished.path) == bits(undisturbed.path)
    assert (finished.path / file).stat().st_size > 0
    assert finished.planned() == set()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_snapshot_is_named_and_the_run_starts_anew(fresh: Project, undisturbed: Project, damage: Callable):
    process = started(fresh)
    wait_for_snapshot(fresh)
    process.terminate()
    process.wait()
    (snapshot,) = fresh.path.glob(".rolling/*/snapshot.safetensors")
    damage(snapshot)
    fresh.call("snakemake", "--cores", "2")
    said = (fresh.path / MAML_LOG).read_text()
    assert damage is Path.unlink or f"{snapshot.relative_to(fresh.path)}: not a checkpoint" in said
    assert "going on from" not in said
    assert bits(fresh.path) == bits(undisturbed.path)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("file", ["metascore-outputs.json", "metadata"])
def test_the_workflow_s_own_records(finished: Project, undisturbed: Project, file: str, damage: Callable):
    """What is not known to be good is made anew."""
    path = finished.path / ".snakemake" / file
    damage(path if path.is_file() else next(one for one in sorted(path.rglob("*")) if one.is_file()))
    finished.call("snakemake", "--cores", "2")
    assert bits(finished.path) == bits(undisturbed.path)
    assert finished.planned() == set()
