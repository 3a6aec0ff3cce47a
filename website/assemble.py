"""Write the pages of both languages to .site: README and docs/, executed tutorials, the API by packages.

The Chinese half has the pages that exist in Chinese; the first of them says that the others are English.
"""

import hashlib
import shutil
import subprocess
import sys
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
FOLDERS = ("start", "guides", "reference", "algorithms", "how_it_works")
PICTURES = (".svg", ".png")
PACKAGES = ("data", "config", "problems", "networks", "learners", "training", "scoring", "report", "store")


def main() -> None:
    """Write both halves."""
    for language in ("en", "zh"):
        assemble(language, STAGE / language)
    for package in PACKAGES:
        write(STAGE / f"en/api/{package}.md", api(package))


def assemble(language: str, stage: Path) -> None:
    """Write the pages of one language."""
    shutil.rmtree(stage, ignore_errors=True)
    pages = sources(language)
    for source, page in pages.items():
        text = executed(ROOT / source, stage) if source.endswith(".py") else (ROOT / source).read_text(encoding="utf-8")
        write(stage / page, chinese.joined(linked(text, source, pages, stage)))
    shutil.copytree(ROOT / "website/assets", stage / "assets")


def sources(language: str) -> dict[str, str]:
    """The texts of a language: path in the repository -> page on the site."""
    notes = sorted((ROOT / f"docs/tutorials/{language}").glob("*.py"))
    pages = {relative(path): f"tutorials/{path.stem}.md" for path in notes}
    if language == "en":
        docs = [path for folder in FOLDERS for path in sorted((ROOT / "docs" / folder).glob("*.md"))]
        return pages | AT_THE_TOP | {relative(path): relative(path).removeprefix("docs/") for path in docs}
    docs = sorted((ROOT / "docs/zh").rglob("*.md"))
    own = {relative(path): relative(path).removeprefix("docs/zh/") for path in docs}
    return pages | {source: page.replace("README", "index") for source, page in own.items()}


def relative(path: Path) -> str:
    """The path in the repository."""
    return path.relative_to(ROOT).as_posix()


def linked(text: str, source: str, pages: dict[str, str], stage: Path) -> str:
    """The text of a page with links that hold on the site; pictures are copied."""

    def keep(file: str) -> str | None:
        if not file.endswith(PICTURES):
            return in_the_other_half(file, stage.name)
        copy = stage / "files" / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy)
        return f"files/{file}"

    return links.rewritten(text, source, pages[source], pages, keep)


def in_the_other_half(file: str, language: str) -> str | None:
    """The page of a text of the other language, seen from the top of this half; None if the site has no such page."""
    other, way = {"en": ("zh", "zh/"), "zh": ("en", "../")}[language]
    page = sources(other).get(file)
    return page and f"{way}{page.removesuffix('.md')}.html"


def executed(source: Path, stage: Path) -> str:
    """A tutorial with its output; it runs again when it or the package has changed. Its figures are copied."""
    kept = STAGE / "executed" / digest(source)
    if not (kept / "page.md").exists():
        shutil.rmtree(kept, ignore_errors=True)
        words = (sys.executable, NOTEBOOKS, str(source), str(kept / "figures"))
        write(kept / "page.md", subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)
    if (kept / "figures").exists():
        shutil.copytree(kept / "figures", stage / "tutorials/figures", dirs_exist_ok=True)
    return (kept / "page.md").read_text(encoding="utf-8")


def digest(source: Path) -> str:
    """The digest of everything that a tutorial's output depends on."""
    files = [source, NOTEBOOKS, *sorted((ROOT / "src/metascore").rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def api(package: str) -> str:
    """The page of one package: each of its modules by its docstrings."""
    modules = sorted((ROOT / "src/metascore" / package).rglob("*.py"))
    names = [relative(path).removeprefix("src/").removesuffix(".py").replace("/", ".") for path in modules]
    return "\n\n".join([f"# {package}", *(f"::: {name.removesuffix('.__init__')}" for name in names)]) + "\n"


def write(path: Path, text: str) -> None:
    """Write a file and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
