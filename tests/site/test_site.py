"""The site: links hold, nothing is loaded from elsewhere, formulas are MathML, Chinese lines are joined."""

import html
import re
import subprocess
import sys

import assemble
import chinese
import links
import mathml
import pytest

PAGES = {"README.md": "index.md", "docs/a.md": "a.md", "docs/algorithms/maml.md": "algorithms/maml.md"}


@pytest.mark.parametrize(
    "link, kept, becomes",
    [
        ("[x](../a.md#part)", None, "[x](../a.md#part)"),
        ("[x](../../README.md)", None, "[x](../index.md)"),
        ("[`x.py`](../../src/x.py)", None, "`x.py`"),
        ("[x](https://a.b/c)", None, "[x](https://a.b/c)"),
        ("```\n[x](../../src/x.py)\n```", None, "```\n[x](../../src/x.py)\n```"),
        ("![x](../../results/x.png)", "files/results/x.png", "![x](../files/results/x.png)"),
        ("[中文](../zh/a.md)", "zh/a.html", '<a href="../zh/a.html">中文</a>'),
    ],
)
def test_a_link_of_the_repository_holds_on_the_site(link, kept, becomes):
    source = "docs/algorithms/maml.md"
    assert links.rewritten(link, source, PAGES[source], PAGES, lambda file: kept) == becomes


@pytest.mark.parametrize(
    "file, language, place",
    [
        ("docs/zh/README.md", "en", "zh/index.html"),
        ("docs/algorithms/maml.md", "zh", "../algorithms/maml.html"),
        ("src/metascore/files.py", "en", None),
    ],
)
def test_a_page_of_the_other_language_has_a_place(file, language, place):
    assert assemble.in_the_other_half(file, language) == place


def test_formulas_become_mathml():
    page = html.unescape(
        mathml.on_page_content("""<span class="arithmatex">\\(\\theta' &lt; \\overline{x}\\)</span>""")
    )
    assert "<math" in page and "θ" in page and page.count("′") == 1
    assert "<msup>" not in page and "border-top" in page and "<mover>" not in page


@pytest.mark.parametrize(
    "text, becomes",
    [
        ("- 情节，\n  文件", "- 情节，文件"),
        ("情节\nMAML", "情节\nMAML"),
        ("直到\n[情节](x.md)", "直到[情节](x.md)"),
        ("# 情节\n文件", "# 情节\n\n文件"),
        ("```\n情节\n文件\n```", "```\n情节\n文件\n```"),
    ],
)
def test_chinese_lines_are_joined_without_a_space(text, becomes):
    assert chinese.joined(text) == becomes


@pytest.mark.slow
def test_the_site_is_built_with_strict_links_and_loads_nothing_from_elsewhere(root):
    build = ("-m", "mkdocs", "build", "--strict", "--quiet", "--config-file")
    for words in (("website/assemble.py",), (*build, "website/mkdocs.yml"), (*build, "website/mkdocs.zh.yml")):
        done = subprocess.run((sys.executable, *words), cwd=root, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    pages = list((root / "site").rglob("*.html"))
    assert {"index.html", "zh/index.html"} <= {path.relative_to(root / "site").as_posix() for path in pages}
    loads = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")
    found = {load for path in pages for load in loads.findall(path.read_text()) if 'rel="canonical"' not in load}
    assert not found
