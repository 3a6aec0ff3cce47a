"""What a copy of the project that DVC makes for an experiment takes over from the project: records of finished jobs.

`dvc exp run --temp` and the queue work in a folder below .dvc/tmp, with the commit's code and DVC's outputs, but
without Snakemake's records. With those of the project, only what the experiment changes is run: an output counts as
done if it has the digest that its job left here, and Snakemake finds that job's code and parameters unchanged.
"""

import shutil
from pathlib import Path

from metascore.orchestration import outputs

RECORDS = Path(".snakemake/metadata")
MARKS = Path(
    ".snakemake/incomplete"
)  # of outputs; without this folder Snakemake takes the records for an old version's


def inherit(here: Path) -> None:
    """Copy the records of the project that `here` is an experiment's copy of, if it is one and has none of its own."""
    origin = _origin(here)
    if origin is None or (here / outputs.LEDGER).exists() or not (origin / outputs.LEDGER).exists():
        return
    (here / MARKS).mkdir(parents=True, exist_ok=True)
    shutil.copytree(origin / RECORDS, here / RECORDS, dirs_exist_ok=True)
    shutil.copy(origin / outputs.LEDGER, here / outputs.LEDGER)


def _origin(here: Path) -> Path | None:
    return next((parent.parent for parent in here.resolve().parents if parent.name == ".dvc"), None)
