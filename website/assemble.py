"""Lay out the pages of both languages in .site: README and docs/ as they are, executed tutorials, the API by rooms.

A page without a Chinese text is English on the Chinese half, and says so.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "website/notebooks.py"
sys.path.insert(0, str(ROOT / "website"))

import chinese  # noqa: E402  beside this file
import links  # noqa: E402

STAGE = Path(".site")
AT_THE_TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
PICTURES = (".svg", ".png")
UNTRANSLATED = "*本页尚无中文版，以下为英文。*\n\n"
ROOMS = (
    "data",
    "config",
    "problems",
    "networks",
    "learners",
    "training",
    "scoring",
    "report",
    "store",
    "orchestration",
)


def main() -> None:
    """Make both halves."""
    for language in ("en", "zh"):
        assemble(language, STAGE / language)


def assemble(language: str, stage: Path) -> None:
    """Write the pages of one language."""
    shutil.rmtree(stage, ignore_errors=True)
    own = sources(language)
    chosen = {page: source for source, page in (sources("en") | own).items()}  # a translation comes last
    pages = {source: page for page, source in chosen.items()}
    for page, source in chosen.items():
        text = executed(ROOT / source, stage) if source.endswith(".py") else (ROOT / source).read_text(encoding="utf-8")
        text = ("" if source in own else UNTRANSLATED) + linked(text, source, page, pages, stage)
        write(stage / page, chinese.joined(text))
    for room in ROOMS:
        write(stage / f"api/{room}.md", api(room))
    shutil.copytree(ROOT / "website/assets", stage / "assets")


def sources(language: str) -> dict[str, str]:
    """Every text of a language: its path in the repository, and its page on the site."""
    notes = sorted((ROOT / f"docs/tutorials/{language}").glob("*.py"))
    pages = {relative(path): f"tutorials/{path.stem}.md" for path in notes}
    if language == "en":
        docs = sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs/algorithms").glob("*.md"))
        return pages | AT_THE_TOP | {relative(path): relative(path).removeprefix("docs/") for path in docs}
    docs = sorted((ROOT / "docs" / language).rglob("*.md"))
    own = {relative(path): relative(path).removeprefix(f"docs/{language}/") for path in docs}
    return pages | {source: page.replace("README", "index") for source, page in own.items()}


def relative(path: Path) -> str:
    """A path in the repository."""
    return path.relative_to(ROOT).as_posix()


def linked(text: str, source: str, page: str, pages: dict[str, str], stage: Path) -> str:
    """A page's text with links of the site; pictures come along."""

    def keep(file: str) -> str | None:
        if not file.endswith(PICTURES):
            return in_the_other_half(file, stage.name)
        copy = stage / "files" / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy)
        return f"files/{file}"

    return links.rewritten(text, source, page, pages, keep)


def in_the_other_half(file: str, language: str) -> str | None:
    """Where a text of the other language lies, seen from the top of this one's half; None where it is no such text."""
    other, way = {"en": ("zh", "zh/"), "zh": ("en", "../")}[language]
    page = sources(other).get(file)
    return page and f"{way}{page.removesuffix('.md')}.html"


def executed(source: Path, stage: Path) -> str:
    """A tutorial with its results, run again when it or the package has changed; its figures come along."""
    kept = STAGE / "executed" / digest(source)
    if not (kept / "page.md").exists():
        shutil.rmtree(kept, ignore_errors=True)
        words = (sys.executable, NOTEBOOKS, str(source), str(kept / "figures"))
        write(kept / "page.md", subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)
    if (kept / "figures").exists():
        shutil.copytree(kept / "figures", stage / "tutorials/figures", dirs_exist_ok=True)
    return (kept / "page.md").read_text(encoding="utf-8")


def digest(source: Path) -> str:
    """What a tutorial's output depends on."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in [source, NOTEBOOKS, *package()])).hexdigest()[:16]


def package() -> Iterator[Path]:
    """The package's modules."""
    yield from sorted((ROOT / "src/metascore").rglob("*.py"))


def api(room: str) -> str:
    """The page of one room: each of its modules, by its docstrings."""
    modules = sorted((ROOT / "src/metascore" / room).rglob("*.py"))
    names = [relative(path).removeprefix("src/").removesuffix(".py").replace("/", ".") for path in modules]
    blocks = [f"::: {name.removesuffix('.__init__')}" for name in names]
    return "\n\n".join([f"# {room}", *blocks]) + "\n"


def write(path: Path, text: str) -> None:
    """A file with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
