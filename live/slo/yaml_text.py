"""YAML as this program writes it: the same text for the same content, whatever the machine."""

from __future__ import annotations

from typing import Any

import yaml

_WIDTH = 1_000_000
"""Lines are not folded: an expression that is cut in two cannot be searched for."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, indents lists, and knows no references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def yaml_text(content: Any, *comment: str) -> str:
    """Return content as YAML.

    Parameters:
        content: mappings, lists, texts and numbers; the order of mappings is kept.
        comment: lines that are put before it.
    """
    head = "".join(f"# {line}\n" if line else "#\n" for line in comment)
    body: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
    return head + body
