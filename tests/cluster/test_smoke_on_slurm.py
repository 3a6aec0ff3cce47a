"""The budget `smoke` on a Slurm of one node, with nothing faked: on Omniglot where a mirror has it, else on glyphs."""

from dataclasses import replace

import slurm
from artefacts import bits
from temporary_project import copy, copy_project


def test_smoke_in_groups_gives_the_bits_of_this_machine(cluster, tmp_path):
    here = copy_project(tmp_path / "here")
    here.set_parameter("budget", "smoke")
    there = replace(copy(here, tmp_path / "there"), variables=cluster)
    here.call("snakemake", "--cores", "2")
    said = there.call("snakemake", "--workflow-profile", "profiles/slurm", "--jobs", "4")
    assert len(bits(here.path)) > len(list(here.path.glob("src/metascore/learners/*.py"))), "hardly anything was run"
    assert bits(there.path) == bits(here.path), said
    assert there.planned() == set() and not slurm.queue(cluster)
