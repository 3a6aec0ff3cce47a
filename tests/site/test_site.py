"""The site: every link holds, nothing is loaded from elsewhere, formulas are drawn by the browser itself."""

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


def rewritten(text: str, source: str = "docs/algorithms/maml.md", kept: str | None = None) -> str:
    return links.rewritten(text, source, PAGES[source], PAGES, lambda file: kept)


@pytest.mark.parametrize(
    "link, becomes",
    [
        ("[x](../a.md)", "[x](../a.md)"),
        ("[x](../a.md#part)", "[x](../a.md#part)"),
        ("[x](../../README.md)", "[x](../index.md)"),
        ("[`x.py`](../../src/x.py)", "`x.py`"),
        ("[x](https://a.b/c)", "[x](https://a.b/c)"),
        ("[x](#part)", "[x](#part)"),
        ("```\n[x](../../src/x.py)\n```", "```\n[x](../../src/x.py)\n```"),
    ],
)
def test_a_link_of_the_repository_holds_on_the_site(link, becomes):
    assert rewritten(link) == becomes


def test_a_picture_comes_along():
    assert rewritten("![x](../../results/x.png)", kept="files/results/x.png") == "![x](../files/results/x.png)"


def test_a_page_of_the_other_language_is_a_link_that_mkdocs_does_not_follow():
    text = rewritten("[中文](../zh/algorithms/maml.md)", kept="zh/algorithms/maml.html")
    assert text == '<a href="../zh/algorithms/maml.html">中文</a>'


@pytest.mark.parametrize(
    "file, language, place",
    [
        ("docs/zh/README.md", "en", "zh/index.html"),
        ("README.md", "zh", "../index.html"),
        ("docs/algorithms/maml.md", "zh", "../algorithms/maml.html"),
        ("src/metascore/files.py", "en", None),
    ],
)
def test_each_half_knows_where_the_other_one_lies(file, language, place):
    assert assemble.in_the_other_half(file, language) == place


def test_a_prime_is_no_superscript():
    page = mathml.on_page_content("""<span class="arithmatex">\\(\\theta' = \\theta\\)</span>""")
    assert "<msup>" not in page and html.unescape(page).count("′") == 1


def test_formulas_become_mathml():
    page = mathml.on_page_content(r'<p><span class="arithmatex">\(a &lt; \alpha\)</span></p>')
    assert (
        page.startswith("<p><math")
        and html.unescape(page).count("<") == page.count("<") + 1
        and "α" in html.unescape(page)
    )


def test_a_long_formula_can_be_moved_on_a_narrow_screen():
    page = mathml.on_page_content(r'<div class="arithmatex">\[a\]</div>')
    assert re.fullmatch(r'<div style="overflow-x: auto[^>]*><math[^>]*display="block".*</math></div>', page)


def test_a_bar_is_as_long_as_what_it_stands_over():
    page = mathml.on_page_content(r'<span class="arithmatex">\(\overline{n(e, t)}\)</span>')
    assert re.search(r'<mrow style="border-top: [^>]*><mrow><mi>n</mi>.*<mi>t</mi>', page) and "<mover>" not in page


@pytest.mark.parametrize(
    "text, becomes",
    [
        ("情节是\n文件。", "情节是文件。"),
        ("- 情节，\n  文件", "- 情节，文件"),
        ("情节\nMAML", "情节\nMAML"),
        ("直到\n[情节](x.md)", "直到[情节](x.md)"),
        ("[1](x.md)、\n[2](y.md)", "[1](x.md)、[2](y.md)"),
        ("情节\n\n文件", "情节\n\n文件"),
        ("# 情节\n文件", "# 情节\n\n文件"),
        ("情节\n- 文件", "情节\n- 文件"),
        ("```\n情节\n文件\n```", "```\n情节\n文件\n```"),
        ("an episode\na file", "an episode\na file"),
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
