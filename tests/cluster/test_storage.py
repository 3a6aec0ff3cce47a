"""The workflow without a shared file system, and DVC's remote in a bucket."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from temporary_project import Project
from tiny_workflow import bits


def test_files_kept_elsewhere_and_worked_on_in_a_scratch_folder(fresh: Project, undisturbed: Project, tmp_path: Path):
    if importlib.util.find_spec("snakemake_storage_plugin_fs") is None or shutil.which("rsync") is None:
        pytest.skip("no plugin or no rsync: make setup, apt-get install rsync")
    store = tmp_path / "store"
    store.mkdir()
    storage = ("--default-storage-provider", "fs", "--default-storage-prefix", str(store))
    options = (*storage, "--local-storage-prefix", str(tmp_path / "scratch"))
    output = fresh.call("snakemake", "--cores", "2", *options)
    assert bits(store) == bits(undisturbed.path), output
    assert not (fresh.path / "data").exists() and not (fresh.path / "results").exists()
    assert fresh.planned(*options) == set()


def test_a_clone_pulls_results_from_a_bucket_and_has_nothing_to_do(finished: Project, bucket: str, tmp_path: Path):
    for command in (
        ("dvc", "remote", "add", "--default", "--force", "bucket", "s3://metascore/remote"),
        ("dvc", "remote", "modify", "bucket", "endpointurl", bucket),
        ("dvc", "repro", "--quiet"),
        ("git", "add", "."),
        ("git", "commit", "--quiet", "--message", "Run"),
        ("dvc", "push", "--quiet"),
        ("git", "clone", "--quiet", ".", str(tmp_path / "clone")),
    ):
        finished.call(*command)
    clone = Project(tmp_path / "clone")
    clone.call("dvc", "pull", "--quiet")
    assert clone.planned() == set() and bits(clone.path) == bits(finished.path)
