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
    table = Table()
    table.add_column("figure")
    for number, name in enumerate(comparison.names):
        # Names of folders are the user's text: no markup.
        table.add_column(Text(one_line(name)), justify="right")
        if number:
            table.add_column("ratio", justify="right")
    for row in comparison.rows():
        table.add_row(*row)
    console.print(table, highlight=False)
    for sentence in comparison.sentences():
        console.print(Text(one_line(sentence)), highlight=False, soft_wrap=True)
