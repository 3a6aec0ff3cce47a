"""A report whose job fails stays as it was, and is never taken for what the job should have made."""

import os
from dataclasses import replace

from temporary_project import REPORT, Project

from metascore.files import read_json, sha256

FAILING = """
import os

whole = run


def run(config):
    whole(config)
    if "FAIL" in os.environ:
        write(f"results/{config.budget}/report.html", "half")
        raise SystemExit("not today")
"""
DIVERGING = """
whole = run


def run(config, jobs):
    if jobs[0].learner == "maml":
        raise SystemExit("diverged")
    whole(config, jobs)
"""
PARTIAL = """
whole = run


def run(config):
    if config.left_out:
        write(f"results/{config.budget}/partial/seen.json", list(config.left_out))
    else:
        whole(config)
"""


def test_a_failed_report_leaves_the_old_one_and_is_made_again(project: Project):
    project.append("src/metascore/stages/aggregate.py", FAILING)
    project.call("snakemake", "--cores", "2")
    before = digests(project)
    project.append("src/metascore/report/page.py", "\nNUMBER = 1\n")
    failing = replace(project, variables={"FAIL": ""})
    assert "not today" in failing.call("snakemake", "--cores", "2", status=1)
    assert digests(project) == before
    assert project.planned() == {REPORT}
    assert project.ran("snakemake", "--cores", "2") == {REPORT}
    assert project.planned() == set()


def test_where_a_run_fails_the_others_are_reported(project: Project):
    before = digests(project)
    project.append("src/metascore/stages/train.py", DIVERGING)
    project.append("src/metascore/stages/aggregate.py", PARTIAL)
    project.set_parameter("learners.maml.test_steps", 4)
    output = project.call("snakemake", "--cores", "2", status=1)
    assert "missing: omniglot_5w1s/maml; of the others there is a report in results/smoke/partial" in output
    assert read_json(project.path / "results/smoke/partial/seen.json") == [["omniglot_5w1s", "maml"]]
    assert digests(project) == before


def digests(project: Project) -> dict[str, str]:
    """What people look at."""
    shown = [path for path in (project.path / "results/smoke").rglob("*") if path.suffix in (".html", ".csv", ".svg")]
    return {os.fspath(path): sha256(path) for path in shown if not {"runs", "partial"} & {*path.parts}}
