"""The files that follow from slo.toml, for Prometheus and Alertmanager."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from live.config import SidecarSettings
from live.errors import ConfigError
from live.slo.burn import EVALUATION_INTERVAL, check_refusals
from live.slo.objectives import Slo
from live.slo.receivers import EXAMPLES
from live.slo.routes import routes_document
from live.slo.rules import rules_document
from live.slo.yaml_text import yaml_text

PROMETHEUS_FILE = Path("prometheus/prometheus.yml")
RULES_FILE = Path("prometheus/rules/lean-live.rules.yml")
ALERTMANAGER_FILE = Path("alertmanager/alertmanager.yml")
RECEIVERS_FOLDER = Path("alertmanager/receivers")
_WRITTEN = "Written by `lean-live slo build`; change slo.toml and run it again."
_FILE_MODE = 0o644
_ALERTMANAGER_ADDRESS = "127.0.0.1:9093"


class BuiltFile(NamedTuple):
    """A file to write.

    Attributes:
        path: relative to the output folder.
        text: its content.
    """

    path: Path
    text: str


def build(slo: Slo, folder: Path, name: str) -> list[BuiltFile]:
    """Return the files that follow from objectives.

    Parameters:
        slo: the objectives.
        folder: the output folder; the receivers of the alertmanager.yml that is there are kept.
        name: what to call the objectives' file in errors.

    Raises:
        ConfigError: an alert can never fire, or the alertmanager.yml that is there cannot be used.
    """
    check_refusals(slo, name)
    existing_path = folder / ALERTMANAGER_FILE
    routes = routes_document(slo, _existing(existing_path), str(existing_path))
    built = [
        BuiltFile(PROMETHEUS_FILE, _prometheus_text(slo)),
        BuiltFile(RULES_FILE, yaml_text(rules_document(slo), _WRITTEN)),
        BuiltFile(
            ALERTMANAGER_FILE,
            yaml_text(
                routes,
                _WRITTEN,
                "",
                "The sections global, templates and receivers are yours: they are kept when this file is written anew.",
                "The receivers page and ticket tell nobody until you say whom; receivers/ has examples.",
            ),
        ),
    ]
    for example, sections in EXAMPLES.items():
        content = routes_document(slo, sections, example)
        comment = (
            _WRITTEN,
            "",
            f"The whole configuration with receivers for {example}. Copy it to ../alertmanager.yml, write addresses of your",
            "own, and put the secret into the file that is named, mode 0600, owned by Alertmanager's user.",
        )
        built.append(BuiltFile(RECEIVERS_FOLDER / f"{example}.yml", yaml_text(content, *comment)))
    return built


def _prometheus_text(slo: Slo) -> str:
    sidecar = SidecarSettings()
    content: dict[str, Any] = {
        "global": {"scrape_interval": "5s", "evaluation_interval": EVALUATION_INTERVAL},
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_ALERTMANAGER_ADDRESS]}]}]},
        "scrape_configs": [
            {
                "job_name": slo.service.job,
                "static_configs": [{"targets": [f"{sidecar.address}:{sidecar.port}"]}],
            }
        ],
    }
    longest = max(each.window_days for each in slo.objectives) if slo.objectives else 0
    return yaml_text(
        content,
        _WRITTEN,
        "",
        f"Objectives look back {longest} days: start Prometheus with --storage.tsdb.retention.time={longest + 5}d or more.",
    )


def _existing(path: Path) -> dict[str, Any] | None:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is no YAML, so that its receivers cannot be kept: {' '.join(str(error).split())}; correct or delete it"
        ) from error
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{path} holds no mapping, so that its receivers cannot be kept; correct or delete it")
    return content


def differing(built: list[BuiltFile], folder: Path) -> list[Path]:
    """Return the files of a folder that are not there or have another content."""
    found = []
    for each in built:
        path = folder / each.path
        try:
            is_same = path.read_bytes() == each.text.encode()
        except FileNotFoundError:
            is_same = False
        if not is_same:
            found.append(path)
    return found


def write(built: list[BuiltFile], folder: Path) -> list[Path]:
    """Write the files that differ, each whole or not at all, and return their paths.

    Raises:
        OSError: a file cannot be written.
    """
    changed = differing(built, folder)
    for each in built:
        path = folder / each.path
        if path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, each.text)
    return changed


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        Path(name).chmod(_FILE_MODE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
