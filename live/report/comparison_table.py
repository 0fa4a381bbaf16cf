"""A comparison of runs on the terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live.errors import one_line
from live.report.comparison import Comparison

_WIDTH = 140
"""Columns when the output goes to a file or a pipe."""


def print_comparison(comparison: Comparison, stream: TextIO) -> None:
    """Print the figures of some runs, and where their order events part."""
    console = Console(file=stream) if stream.isatty() else Console(file=stream, width=_WIDTH)
    for label, run in zip(comparison.labels, comparison.runs, strict=True):
        # Names of folders are the user's text: no markup.
        console.print(Text(f"{label}  {one_line(str(run.folder))}"), highlight=False, soft_wrap=True)
    table = Table()
    table.add_column("figure")
    for column in comparison.columns():
        table.add_column(column, justify="right")
    for row in comparison.rows():
        table.add_row(*row)
    console.print(table, highlight=False)
    for sentence in comparison.sentences():
        console.print(Text(one_line(sentence)), highlight=False, soft_wrap=True)
