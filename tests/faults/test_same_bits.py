"""What must not change a bit: cores, the order of jobs, the driver, the folder, locale, time zone, user, hash seed."""

from dataclasses import replace
from pathlib import Path

import pytest
from faults import bits
from temporary_project import Project, copy

SCORES = "results/smoke/scores/omniglot_5w1s"
COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "one core": [("snakemake", "--cores", "1")],
    "driven by DVC": [("dvc", "repro")],
    "backwards": [
        ("snakemake", "--cores", "1", "--quiet", "all", "--", f"{SCORES}/protonet/0.npy"),
        ("snakemake", "--cores", "1", "--quiet", "all", "--", f"{SCORES}/chance/0.npy"),
        ("snakemake", "--cores", "2"),
    ],
}
ENVIRONMENTS = {
    "C": {"LC_ALL": "C", "LANG": "C"},
    "UTF-8": {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "time zone": {"TZ": "Asia/Kathmandu"},
    "user": {"USER": "nobody", "LOGNAME": "nobody", "HOME": "/nonexistent"},
    "hash seed": {"PYTHONHASHSEED": "7"},
    "threads": {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_way_it_is_run(fresh: Project, undisturbed: Project, name: str):
    for command in COMMANDS[name]:
        fresh.call(*command)
    assert bits(fresh) == bits(undisturbed)


def test_the_folder(pristine: Project, undisturbed: Project, tmp_path: Path):
    project = copy(pristine, tmp_path / "a folder, 'quoted', 文件夹" / "project")
    project.call("snakemake", "--cores", "2")
    assert bits(project) == bits(undisturbed)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environment(fresh: Project, undisturbed: Project, name: str):
    project = replace(fresh, variables=ENVIRONMENTS[name])
    project.call("snakemake", "--cores", "2")
    assert bits(project) == bits(undisturbed)
