"""The list of runs in a folder of results."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live.errors import one_line
from live.report import text as words
from live.report.summary_file import iso_utc
from live.report.top.runs import FoundRun


def print_runs(runs: list[FoundRun], console: Console) -> None:
    """Print runs as a table, in their order."""
    table = Table(box=None, pad_edge=False)
    for head in ("folder", "state", "mode", "begun"):
        table.add_column(head, no_wrap=True)
    table.add_column("ticks", justify="right", no_wrap=True)
    for each in runs:
        look = each.look
        if look is None:
            table.add_row(Text(one_line(each.folder.name)), Text("unreadable", style="red"), "", "", "")
            continue
        style = "bold red" if look.is_dead else "" if look.is_over else "bold green"
        begun = iso_utc(look.begun_ns - look.begun_ns % 1_000_000_000)
        state = Text(look.state, style=style)
        table.add_row(Text(one_line(each.folder.name)), state, look.mode, begun, words.count(look.tick_count))
    console.print(table, highlight=False)
