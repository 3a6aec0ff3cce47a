"""How annotations are checked while tests run: as mypy reads them, where an int will do for a float (PEP 484).

Jaxtyping's check of shapes takes ten times as long as that of types: only functions that name shapes have it. What is
defined in a function has neither: it is made anew at each call, and beartype never forgets a function of which it has
read the annotations (text, here), nor the tensors that this one holds: the test of memory would count them.
"""

import inspect
import typing
from collections.abc import Callable
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
_with_shapes = jaxtyping.jaxtyped


def check_every_call(package: str) -> None:
    """Have a package that is about to be imported check each call against its annotations."""
    jaxtyping.jaxtyped = _checked  # type: ignore[assignment]  # what the hook decorates with
    jaxtyping.install_import_hook(package, "annotations.check")


def _checked(*, typechecker: Callable[..., Any]) -> Callable[[Any], Any]:
    """In place of jaxtyping's own decorator: a function or a class whose calls are checked."""

    def decorated(thing: Any) -> Any:
        if "<locals>" in thing.__qualname__:
            return thing
        return check(thing) if inspect.isfunction(thing) and not _names_shapes(thing) else shaped(thing)

    shaped = _with_shapes(typechecker=typechecker)
    return decorated


def _names_shapes(function: Callable[..., Any]) -> bool:
    """Whether it does, or may: not all names are known while a module is imported."""
    try:
        return "jaxtyping" in str(typing.get_type_hints(function))
    except Exception:
        return True
