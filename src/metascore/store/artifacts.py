"""Checkpoints by name: the artifacts that dvc.yaml in results/ names, such as omniglot_5w1s/protonet."""

from pathlib import Path

from metascore.config import documents
from metascore.errors import UsageError

RESULTS = Path("results")


def named() -> dict[str, Path]:
    """The checkpoints of all published results here, by their names."""
    found: dict[str, Path] = {}
    for file in sorted(RESULTS.glob("*/dvc.yaml")):
        artifacts = documents.read(file).values.get("artifacts", {})
        found |= {name: file.parent / artifact["path"] for name, artifact in artifacts.items()}
    return found


def checkpoint(text: str) -> Path:
    """The checkpoint that a user means: a file, an artifact's name, or a learner's, whose first task it then is.

    Raises UsageError where it is none of them, and there are names to choose from.
    """
    path, known = Path(text), named()
    if path.exists() or path.is_absolute() or path.suffix or not known:
        return path
    found = known.get(text) or next((file for name, file in known.items() if name.endswith(f"/{text}")), None)
    if found is None:
        raise UsageError(f"{text}: no such file, and no name of a checkpoint: one of {', '.join(known)}")
    return found
