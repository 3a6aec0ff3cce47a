"""Where stages work: here, or where one of Snakemake's storage plugins brings a job's inputs and fetches its outputs.

Files have the same names in both: a stage reads and writes data/ and results/ in its current folder.
"""

import os
from pathlib import Path

VARIABLE = "METASCORE_FOLDER"  # environment variable: the folder, where it is not this one


def lend(path: str, usual: str) -> None:
    """Have stages work where Snakemake looks for their files: `path` is where it looks for what is usually at `usual`.

    Both are relative to the project's folder.
    """
    os.environ.pop(VARIABLE, None)
    if path != usual:
        os.environ[VARIABLE] = str(Path(path.removesuffix(usual)).absolute())


def enter() -> None:
    """Make that folder the current one."""
    if VARIABLE in os.environ:
        folder = Path(os.environ[VARIABLE])
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)


def folder() -> Path:
    """The folder that holds data/ and results/."""
    return Path(os.environ.get(VARIABLE, ""))
