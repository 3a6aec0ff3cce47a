"""What a run ends in, wherever it was made."""

from pathlib import Path

from metascore.files import sha256

PATTERNS = ("data/**/*.npy", "results/**/*.safetensors", "results/*/scores/**/*.npy", "results/*/metrics.json")


def bits(folder: Path) -> dict[str, str]:
    """The digests of what must be the same wherever it was made."""
    paths = sorted(path for pattern in PATTERNS for path in folder.glob(pattern))
    return {str(path.relative_to(folder)): sha256(path) for path in paths}
