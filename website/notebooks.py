"""A text notebook (py:percent), executed, as Markdown: texts, code, and the output and figures of each cell.

Cells run in one namespace of this process. They may change global settings, such as torch's default type, so each
notebook needs its own process:

    python website/notebooks.py NOTEBOOK FOLDER_FOR_FIGURES > PAGE
"""

import ast
import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt

OUTPUT = {"en": "output", "zh": "输出"}  # by the folder of the language


def cells(path: Path) -> list[tuple[str, str]]:
    """The cells of a notebook: (markdown or code, text)."""
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def render(path: Path, figures: Path) -> str:
    """The executed notebook as Markdown; its figures go into the folder `figures`, which must lie beside the page."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    title = OUTPUT[path.parent.name]
    parts: list[str] = []
    for number, (kind, text) in enumerate(cells(path)):
        if kind == "markdown":
            parts.append(text)
            continue
        parts += [f"```python\n{text}\n```", *_shown(run(text, namespace, f"{path.name}, cell {number}"), title)]
        parts += [f'<img alt="" src="{figures.name}/{name}">' for name in _drawn(figures, f"{path.stem}_{number}")]
    return "\n\n".join(parts) + "\n"


def run(code: str, namespace: dict[str, Any], name: str) -> str:
    """Execute a cell; returns what it printed, and the value of its last line if that is an expression."""
    tree = ast.parse(code, filename=name)
    last = tree.body[-1] if tree.body else None
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, name, "exec"), namespace)  # noqa: S102  the project's own notebook
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)  # noqa: S307  the same
            if value is not None:
                output.write(f"{value}\n")
    return output.getvalue()


def _shown(output: str, title: str) -> Iterator[str]:
    if output.strip():
        yield f'```text title="{title}"\n{output.rstrip()}\n```'


def _drawn(figures: Path, name: str) -> Iterator[str]:
    """Save and close the open figures; yield the names of their files."""
    for number in plt.get_fignums():
        file = f"{name}_{number}.svg"
        figures.mkdir(parents=True, exist_ok=True)
        plt.figure(number).savefig(figures / file, metadata={"Date": None})
        plt.close(number)
        yield file


if __name__ == "__main__":
    sys.stdout.write(render(Path(sys.argv[1]), Path(sys.argv[2])))
