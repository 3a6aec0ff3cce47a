"""The report in a browser: no errors, no requests, tables that sort and filter, no sideways scrolling."""

import shutil

import fake_results
import pytest

from metascore.stages import aggregate

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on PATH: install one to test the report in it")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the report on invented results lies."""
    root, chosen = tmp_path_factory.mktemp("project"), fake_results.config()
    fake_results.write(root, chosen)
    aggregate.run(chosen, root / "data", root / "results/tiny")
    return (root / "results/tiny" / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(params=[390, 1280])
def page(request, browser, address):
    """The page on a narrow and on a wide screen; `complaints` and `requests` are what happened while it loaded."""
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.complaints, opened.requests = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda asked: opened.requests.append(asked.url))
    opened.goto(address)
    opened.wait_for_selector("table.dataTable tbody tr")
    yield opened
    opened.close()


def cells(page, column):
    """A column of the table of scores (the first one)."""
    return page.locator(f"#table0 tbody tr td:nth-child({column})")


def test_it_loads_without_complaint_or_request_and_fits_the_screen(page, address):
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("data:", "blob:"))] == [address]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_a_heading_sorts_both_ways(page):
    headings = page.locator("#table0_wrapper .dt-scroll-head thead tr:first-child th")
    place = headings.all_inner_texts().index("metascore")
    column = cells(page, 1 + place)
    values = sorted(column.all_inner_texts(), key=float)
    headings.nth(place).click()
    playwright.expect(column).to_have_text(values)
    headings.nth(place).click()
    playwright.expect(column).to_have_text(values[::-1])


def test_a_field_filters_its_column(page):
    page.locator("#table0_wrapper .dt-scroll-foot input").first.press_sequentially("protonet")
    playwright.expect(cells(page, 1)).to_have_text(["protonet"])


def test_a_card_opens(page):
    card = page.locator("#learner-maml")
    card.locator("summary").click()
    assert card.get_by_text("Finn, Abbeel and Levine 2017, arXiv:1703.03400", exact=True).is_visible()
    assert card.get_by_text("Departures from the paper").is_visible()
