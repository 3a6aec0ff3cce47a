"""Errors from a learner's own file as one line: file, line, message, cure."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator

from metascore.errors import OUT_OF_MEMORY, UserError

CURES = {  # by a pattern in torch's message
    "random": "draw noise in `phase`, from a generator with a seed: its tensors reach meta_loss",
    "cannot assign to field": "a learner never changes: return new values as `state.` tensors of MetaLoss",
    r"\.item\(\)|data-dependent|values of tensors|DataDependent": "don't look at values: use torch.where or a mask",
    "in-?place": "write a new tensor instead of changing one in place",
    "device": "make tensors on the device of the others: torch.eye(n, device=x.device), x.new_zeros(n)",
}


@contextlib.contextmanager
def learner_errors(file: str) -> Iterator[None]:
    """Raises UserError, with line and cure, for an error that comes from this file of a learner."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        line, message = _line(error, file), " ".join(f"{type(error).__name__}: {error}".split())
        if line is None or isinstance(error, MemoryError) or re.search(OUT_OF_MEMORY, message):
            raise
        raise UserError(f"{file}, line {line}: {message[:300]}: {_cure(message)}") from error


def _line(error: Exception, file: str) -> int | None:
    """The innermost line of a file that an error came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return lines[-1] if lines else None


def _cure(message: str) -> str:
    cures = (cure for pattern, cure in CURES.items() if re.search(pattern, message, re.IGNORECASE))
    return next(cures, "correct it; `metascore check` tries a learner on small episodes")
