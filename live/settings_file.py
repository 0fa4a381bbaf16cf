"""A strict reader of settings in TOML: every file of settings is described by msgspec structs and read here.

What a file leaves out keeps its default. Unknown tables and keys, values of another type and values out of their range
are errors that name the file, the table, the key, the allowed range and the nearest known name.
"""

from __future__ import annotations

import math
import os
import tomllib
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from live.errors import ConfigError

Settings = TypeVar("Settings", bound=Struct)
_SIMILARITY_MIN = 0.5


def find_beside(algorithm: Path, file_name: str) -> Path | None:
    """Return the file of settings beside an algorithm's file, or in its project folder; None when there is none."""
    path = (algorithm if algorithm.is_dir() else algorithm.parent) / file_name
    return path if path.is_file() else None


def read_text(path: Path) -> str:
    """Return the text of a file of settings.

    Raises:
        ConfigError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {os.strerror(error.errno or 0)}; correct the path, or let this user read the file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error


def read_tables(kind: type[Settings], text: str, name: str) -> Settings:
    """Turn the text of a file of settings into a struct whose fields are the file's tables.

    Parameters:
        kind: the struct. A field is a struct for a table, or a tuple of structs for a list of tables.
        text: TOML.
        name: what to call the file in errors.

    Raises:
        ConfigError: no TOML, an unknown or missing table or key, or a value that its key cannot have.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{name} is no valid TOML: {error}; correct it there") from error
    types = get_type_hints(kind, include_extras=True)
    tables = {}
    for table, content in document.items():
        if table not in types:
            raise ConfigError(f"unknown table [{table}] in {name}: {suggestion(table, list(types))}")
        element = _struct_of_list(types[table])
        if element is not None:
            if not isinstance(content, list):
                raise ConfigError(f"{table} in {name} is no list of tables; write each as [[{table}]]")
            tables[table] = _read_list(element, content, f"[[{table}]]", name)
        elif not isinstance(content, dict):
            raise ConfigError(f"{table} in {name} is a value; write it as a table: [{table}]")
        else:
            tables[table] = _read_struct(types[table], content, f"[{table}]", name)
    return kind(**tables)


def _struct_of_list(kind: Any) -> Any:
    """Return the struct of which a field holds a list, None when it holds none."""
    base = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    if get_origin(base) is not tuple:
        return None
    element = get_args(base)[0]
    return element if _structs_of(element) else None


def _structs_of(kind: Any) -> tuple[type[Struct], ...]:
    """Return the structs that a value may be read as: one, or those of a union; none for other types."""
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return tuple(each for each in members if isinstance(each, type) and issubclass(each, Struct))


def _read_list(kind: Any, content: list[Any], where: str, name: str) -> tuple[Any, ...]:
    found = []
    for number, element in enumerate(content, 1):
        place = f"{where} {number}"
        if not isinstance(element, dict):
            raise ConfigError(f"{place} of {name} is {_shortened(element)}; it must be a table")
        found.append(_read_struct(kind, element, place, name))
    return tuple(found)


def _read_struct(kind: Any, content: dict[str, Any], where: str, name: str) -> Any:
    """Read a table as a struct, or as the one of several structs that its tag names."""
    content, struct = _choose(_structs_of(kind), content, where, name)
    types = get_type_hints(struct, include_extras=True)
    values = {}
    for key, value in content.items():
        if key not in types:
            raise ConfigError(f"unknown key {key!r} in {where} of {name}: {suggestion(key, list(types))}")
        values[key] = _read_field(types[key], value, key, where, name)
    missing = [each.name for each in msgspec.structs.fields(struct) if each.required and each.name not in values]
    if missing:
        raise ConfigError(
            f"{where} of {name} has no {missing[0]}; add it: {missing[0]} is {describe_range(types[missing[0]])}"
        )
    return struct(**values)


def _choose(
    structs: tuple[type[Struct], ...], content: dict[str, Any], where: str, name: str
) -> tuple[dict[str, Any], type[Struct]]:
    """Return the table without its tag, and the struct that the tag names."""
    field = structs[0].__struct_config__.tag_field
    if field is None:
        return content, structs[0]
    tags = {str(each.__struct_config__.tag): each for each in structs}
    tag = content.get(field)
    if tag not in tags:
        said = f"has no {field}" if tag is None else f"has {field} = {_shortened(tag)}"
        raise ConfigError(f"{where} of {name} {said}; {field} must be one of {', '.join(tags)}")
    return {key: value for key, value in content.items() if key != field}, tags[tag]


def _read_field(kind: Any, value: Any, key: str, where: str, name: str) -> Any:
    element = _struct_of_list(kind)
    if element is not None and isinstance(value, list):
        return _read_list(element, value, f"{key} of {where}, number", name)
    if isinstance(value, dict) and _structs_of(kind):
        return _read_struct(kind, value, f"{key} of {where}", name)
    return _read_value(f"{key} in {where} of {name}", kind, value)


def _read_value(where: str, kind: Any, value: Any) -> Any:
    try:
        # TOML has inf and nan, and a comparison with nan never fails a bound.
        if isinstance(value, float) and not math.isfinite(value):
            raise msgspec.ValidationError(f"{value} is not finite")
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where} is {_shortened(value)}; it must be {describe_range(kind)}") from error


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def describe_range(kind: Any) -> str:
    """Return in words which values a key of this type may have: "a number from 0 to 10000"."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(dict.fromkeys(describe_range(each) for each in get_args(kind) if each is not type(None)))
    if kind is bool:
        return "true or false"
    if _structs_of(kind):
        return "a table"
    if get_origin(kind) is dict:
        return f"a table of names, each with {describe_range(get_args(kind)[1])}"
    if get_origin(kind) is tuple:
        return f"a list, each {describe_range(get_args(kind)[0])}"
    base, meta = kind.__origin__, kind.__metadata__[0]
    if base is int:
        return f"a whole number from {meta.ge} to {meta.le}"
    if base is float:
        least = f"from {_plain(meta.ge)} to" if meta.gt is None else f"above {_plain(meta.gt)}, up to"
        return f"a number {least} {_plain(meta.le)}"
    if base is str:
        shape = f" that match {meta.pattern}" if meta.pattern else ""
        return f"text of {meta.min_length} to {meta.max_length} characters{shape}"
    least = f"{meta.min_length} to " if meta.min_length else "at most "
    return f"a list of {least}{meta.max_length} elements, each {describe_range(get_args(base)[0])}"


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def suggestion(name: str, known: list[str]) -> str:
    """Name the known word that starts most alike, then is most alike; all of them when none is near."""

    def likeness(candidate: str) -> tuple[int, float]:
        pairs = zip(name, candidate, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return shared, SequenceMatcher(None, name, candidate).ratio()

    best = max(known, key=likeness)
    if likeness(best)[1] >= _SIMILARITY_MIN:
        return f"did you mean {best!r}?"
    return f"known here: {', '.join(known)}"
