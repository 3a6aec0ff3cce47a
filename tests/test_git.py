"""Git works on the repository of the folder that it runs in, whatever the variables that git sets for hooks say."""

import os
import subprocess

import pytest

from metascore.errors import UserError
from metascore.store import revisions


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"])
def test_variables_of_hooks_do_not_count(variable, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(("git", "init", "--quiet", "own"), check=True)
    monkeypatch.setenv(variable, str(root / ".git"))
    assert variable not in revisions.environment()
    monkeypatch.chdir("own")
    with pytest.raises(UserError, match="no revision"):  # the own repository has no commit
        revisions.commit_of("HEAD")


def test_all_variables_that_git_names_are_left_out():
    named = subprocess.run(("git", "rev-parse", "--local-env-vars"), capture_output=True, text=True, check=True)
    assert {*named.stdout.split()} <= {*revisions.OF_ONE_REPOSITORY}


def test_tests_see_no_repository_of_a_hook():
    assert not {*revisions.OF_ONE_REPOSITORY} & {*os.environ}
