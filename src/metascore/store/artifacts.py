"""Published checkpoints by name, such as omniglot_5w1s/protonet: the best one of each learner on each task."""

from pathlib import Path

from metascore.errors import UsageError
from metascore.store import packs

RESULTS = Path("results")


def named() -> dict[str, tuple[Path, Path]]:
    """The checkpoints of all published results here, by their names: the pack, and where it is unpacked to."""
    found: dict[str, tuple[Path, Path]] = {}
    for pack in sorted(RESULTS.glob(f"*/packs/{packs.CHECKPOINTS}")):
        found |= {f"{task}/{pack.stem}": (pack, file) for task, file in packs.best_checkpoints(pack).items()}
    return dict(sorted(found.items()))


def checkpoint(text: str) -> Path:
    """The file of a checkpoint that a user names: a file, task/learner, or a learner, whose first task it then is.

    A published checkpoint is unpacked. Raises UsageError where there is neither such a file nor such a name.
    """
    path = Path(text)
    if path.exists() or path.is_absolute() or path.suffix:
        return path
    known = named()
    found = known.get(text) or next((one for name, one in known.items() if name.endswith(f"/{text}")), None)
    if found is None:
        choices = f"one of {', '.join(known)}" if known else "names are known in the folder of the project only"
        raise UsageError(f"{text}: no such file, and no name of a checkpoint: {choices}")
    pack, file = found
    packs.unpack(pack.parent.parent, [pack])
    return file
