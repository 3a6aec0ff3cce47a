"""What must not change a bit: cores, the order of jobs, the driver, the folder, locale, time zone, user, hash seed."""

from dataclasses import replace
from pathlib import Path

import pytest
from faults import DVC
from temporary_project import Project, copy
from tiny_workflow import bits

SCORE = "results/smoke/scores/omniglot_5w1s/protonet/0.npy"
ONE_CORE = ("snakemake", "--cores", "1")
WAYS: dict[str, tuple[list[tuple[str, ...]], dict[str, str]]] = {
    "one core, in another order": ([(*ONE_CORE, SCORE), ONE_CORE], {}),
    "driven by DVC": ([DVC], {}),
    "another user and place": (
        [("snakemake", "--cores", "2")],
        {"LC_ALL": "C", "TZ": "Asia/Kathmandu", "USER": "nobody", "LOGNAME": "nobody", "HOME": "/nonexistent"},
    ),
    "other hashes and threads": (
        [("snakemake", "--cores", "2")],
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_way_it_is_run(pristine: Project, undisturbed: Project, tmp_path: Path, name: str):
    commands, variables = WAYS[name]
    project = replace(copy(pristine, tmp_path / "a folder, 'quoted', 文件夹" / "project"), variables=variables)
    for command in commands:
        project.call(*command)
    assert bits(project.path) == bits(undisturbed.path)
