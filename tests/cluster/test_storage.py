"""The workflow without a shared file system: a storage plugin brings and takes each job's files."""

import importlib.util
import shutil
from dataclasses import replace

import pytest
from artefacts import bits


def test_files_kept_elsewhere_and_worked_on_in_a_scratch_folder(fresh, undisturbed, tmp_path):
    if importlib.util.find_spec("snakemake_storage_plugin_fs") is None or shutil.which("rsync") is None:
        pytest.skip("no plugin or no rsync: pip install 'metascore[cluster]', apt-get install rsync")
    store, scratch = tmp_path / "store", tmp_path / "scratch"
    store.mkdir()
    options = ("--default-storage-provider", "fs", "--default-storage-prefix", str(store))
    said = fresh.call("snakemake", "--cores", "2", *options, "--local-storage-prefix", str(scratch))
    assert bits(store) == bits(undisturbed.path), said
    assert not (fresh.path / "data").exists() and not (fresh.path / "results").exists()
    assert fresh.planned(*options, "--local-storage-prefix", str(scratch)) == set()


def test_files_kept_in_a_bucket(fresh, undisturbed, bucket, tmp_path):
    if importlib.util.find_spec("snakemake_storage_plugin_s3") is None:
        pytest.skip("no plugin: pip install 'metascore[cluster]'")
    known = {"ENDPOINT_URL": bucket.address, "ACCESS_KEY": bucket.key, "SECRET_KEY": bucket.secret}
    project = replace(fresh, variables={f"SNAKEMAKE_STORAGE_S3_{name}": value for name, value in known.items()})
    options = ("--default-storage-provider", "s3", "--default-storage-prefix", "s3://metascore/results-of-all")
    said = project.call("snakemake", "--cores", "2", *options)
    bucket.download("results-of-all/", tmp_path / "copy")
    assert bits(tmp_path / "copy") == bits(undisturbed.path), said
    assert project.planned(*options) == set()
