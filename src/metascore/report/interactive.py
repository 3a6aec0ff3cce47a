"""Tables that sort and filter in the browser, by itables (DataTables), whose JavaScript goes into the page."""

import pandas as pd
from itables import options, to_html_datatable
from itables.javascript import generate_init_offline_itables_html
from markupsafe import Markup, escape

ROWS = 20  # on a page of a table
options.display_logo_when_loading = False  # a picture that is a link to a site


def scripts() -> Markup:
    """The JavaScript and style sheet behind all tables: once a page, before the first table."""
    return Markup(generate_init_offline_itables_html(options.dt_bundle))  # noqa: S704  the package's own files


def table(frame: pd.DataFrame, name: str) -> Markup:
    """A data frame as a table under a name that is unique on its page; texts are escaped, numbers sort as numbers."""
    html = to_html_datatable(
        _escaped(frame),
        connected=False,
        table_id=name,
        showIndex=False,
        column_filters="footer",
        allow_html=True,  # both are escaped here: itables escapes cells, but not headings
        text_in_header_can_be_selected=False,  # so that a click anywhere on a heading sorts
        pageLength=ROWS,
        lengthMenu=[ROWS, 100, 1000],
        scrollX=True,
        maxBytes=0,  # whole tables, of any size
        classes="display compact nowrap",
        order=[],  # as given, until a reader sorts
    )
    return Markup(html)  # noqa: S704  escaped above


def _escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with escaped texts in cells and headings; missing cells are empty.

    A column of numbers with empty cells still sorts as numbers.
    """
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    changed = [str(name) for name in frame if name in texts or frame[name].isna().any()]
    cells = {name: ["" if pd.isna(cell) else str(escape(cell)) for cell in frame[name]] for name in changed}
    return frame.assign(**cells).rename(columns=lambda name: str(escape(name)))
