"""Both tools take a run that was vouched for as done, for as long as the code is the one that it was vouched with."""

import json

import pytest
from temporary_project import Project, jobs_of

PROTONET = "src/metascore/learners/protonet.py"
CLEAN = "Data and pipelines are up to date."
DIGESTS = """
import json
from metascore.orchestration.provenance import stage_code
print(json.dumps({stage: stage_code(stage, 'protonet', 'omniglot') for stage in ('train', 'finetune')}))
"""


def codes(project: Project) -> dict[str, str]:
    return json.loads(project.call("python", "-c", DIGESTS))


def change_and_vouch(project: Project) -> None:
    """Another syntax tree, and entries that say it does the same."""
    before = codes(project)
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    now = codes(project)
    assert now["train"] != before["train"]
    stages = {stage: {"recorded": before[stage], "now": now[stage]} for stage in now}
    (project.path / "workflow/vouched.json").write_text(json.dumps({"smoke/omniglot_5w1s/protonet/0": stages}))


@pytest.mark.slow
def test_snakemake_plans_nothing_that_was_vouched_for(project: Project):
    change_and_vouch(project)
    assert project.planned() == set()
    project.append(PROTONET, "\nBIAS = 1 + 2\n")
    assert project.planned() == jobs_of("protonet")


@pytest.mark.slow
def test_dvc_runs_nothing_that_was_vouched_for_and_notices_an_entry_that_goes(tracked: Project):
    change_and_vouch(tracked)
    assert tracked.ran("dvc", "repro") == set()
    assert CLEAN in tracked.call("dvc", "status")
    (tracked.path / "workflow/vouched.json").write_text("{}")
    assert CLEAN not in tracked.call("dvc", "status")
    assert tracked.planned() == jobs_of("protonet")
