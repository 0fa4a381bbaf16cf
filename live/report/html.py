"""HTML without a template engine: every text is escaped where it enters, and a page names what it may run.

A page is self-contained. Its content security policy allows no connection, and no script but plotly.js and the page's
own, each by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path

import orjson

from live.errors import EnvironmentFault, one_line
from live.report.figures import Figure


def shown(words: object) -> str:
    """Return any text as HTML: escaped, in one line, control characters visible."""
    return escape(one_line(str(words)))


def paragraph(words: str, kind: str = "") -> str:
    """Return a paragraph of plain text."""
    return f"<p{_class(kind)}>{shown(words)}</p>"


def bullets(lines: Iterable[str]) -> str:
    """Return a list of plain texts."""
    return "<ul>" + "".join(f"<li>{shown(line)}</li>" for line in lines) + "</ul>"


def section(title: str, *content: str) -> str:
    """Return a section with its heading.

    Parameters:
        title: plain text.
        content: HTML.
    """
    return f"<section><h2>{shown(title)}</h2>{''.join(content)}</section>"


def heading(title: str) -> str:
    """Return a heading within a section."""
    return f"<h3>{shown(title)}</h3>"


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return key figures: name, value and a remark, which may be empty."""
    cells = (
        f"<div><dt>{shown(name)}</dt><dd>{shown(value)}</dd>"
        + (f"<dd>{shown(remark)}</dd>" if remark else "")
        + "</div>"
        for name, value, remark in figures
    )
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], wide: Sequence[int] = ()) -> str:
    """Return a table of plain texts; it scrolls by itself when the window is narrow.

    Parameters:
        caption: what it shows.
        columns: headings; one that begins with ">" heads numbers, which are set to the right.
        rows: a text for each column; the first names the row.
        wide: columns that hold sentences.
    """
    kinds = ["number" if name.startswith(">") else "wide" if at in wide else "" for at, name in enumerate(columns)]
    head = "".join(
        f'<th scope="col"{_class(kind)}>{shown(name.removeprefix(">"))}</th>'
        for name, kind in zip(columns, kinds, strict=True)
    )
    body = []
    for row in rows:
        cells = [f'<th scope="row"{_class(kinds[0])}>{shown(row[0])}</th>']
        cells += [f"<td{_class(kind)}>{shown(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        body.append(f"<tr>{''.join(cells)}</tr>")
    label = shown(caption)
    return (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def chart(figure: Figure) -> str:
    """Return the place of a figure, which the page's script draws."""
    summary = shown(figure.summary)
    return (
        f'<figure><div class="chart" id="chart-{shown(figure.key)}" role="img" aria-label="{summary}" '
        f'style="min-height:{figure.height}px"></div><figcaption class="note">{summary}.</figcaption></figure>'
    )


def page(title: str, body: str, figures: Sequence[Figure]) -> bytes:
    """Return a whole page.

    Parameters:
        title: plain text.
        body: HTML of the main part.
        figures: those that the body has places for.

    Raises:
        EnvironmentFault: plotly.js is not installed.
    """
    library = plotly_js() if figures else ""
    script = _asset("report.js") if figures else ""
    scripts = [each for each in (library, script) if each]
    allowed = " ".join(f"'sha256-{_digest(each)}'" for each in scripts) or "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        f"base-uri 'none'; form-action 'none'"
    )
    data = [{"key": each.key, "height": each.height, "traces": each.traces, "layout": each.layout} for each in figures]
    # In a script element nothing but "<" can end the data.
    content = orjson.dumps(data).decode().replace("<", "\\u003c")
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, quote=True)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{shown(title)}</title><style>{_asset('report.css')}</style></head>",
        f"<body><main>{body}</main>",
    ]
    if figures:
        parts.append("<noscript><p>The charts need JavaScript; all numbers are in the tables.</p></noscript>")
        parts.append(f'<script type="application/json" id="figures">{content}</script>')
        parts += [f"<script>{each}</script>" for each in scripts]
    parts.append("</body></html>\n")
    return "".join(parts).encode("utf-8", "backslashreplace")


@cache
def plotly_js() -> str:
    """Return the source of plotly.js, without importing the Python package that brings it.

    Raises:
        EnvironmentFault: the package is not installed.
    """
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise EnvironmentFault("reports need the package plotly; install it: pip install plotly")
    path = Path(found.origin).parent / "package_data" / "plotly.min.js"
    try:
        # A script element ends at its closing tag, wherever that stands; in JavaScript's texts "\/" is "/".
        return path.read_text(encoding="utf-8").replace("</script", "<\\/script")
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: install the package plotly anew") from error


@cache
def _asset(name: str) -> str:
    return resources.files("live.report").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
