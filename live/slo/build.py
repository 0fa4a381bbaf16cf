"""The files that follow from slo.toml, for Prometheus and Alertmanager."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any

import yaml

from live.config import SidecarSettings
from live.errors import ConfigError
from live.generated import GeneratedFile
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
_ALERTMANAGER_ADDRESS = "127.0.0.1:9093"


def build(slo: Slo, folder: Path, name: str) -> list[GeneratedFile]:
    """Return the files that follow from objectives.

    Parameters:
        slo: the objectives.
        folder: the output folder. The receivers of the alertmanager.yml that is there are kept; a prometheus.yml that is
            there is the user's, with tokens, ports and other jobs, and is only looked at.
        name: what to call the objectives' file in errors.

    Raises:
        ConfigError: an alert can never fire, or the alertmanager.yml or prometheus.yml that is there cannot be used.
    """
    check_refusals(slo, name)
    routes_path, prometheus_path = folder / ALERTMANAGER_FILE, folder / PROMETHEUS_FILE
    routes = routes_document(slo, _existing(routes_path, "its receivers cannot be kept"), str(routes_path))
    built = [
        _file(RULES_FILE, rules_document(slo), _WRITTEN),
        _file(
            ALERTMANAGER_FILE,
            routes,
            _WRITTEN,
            "",
            "The sections global, templates and receivers are yours: they are kept when this file is written anew.",
            "The receivers page and ticket tell nobody until you say whom; receivers/ has examples.",
        ),
    ]
    prometheus = _existing(prometheus_path, "nobody can say whether it takes the rules")
    if prometheus is None:
        built.append(_prometheus_file(slo))
    else:
        _check_prometheus(slo, prometheus, str(prometheus_path))
    for example, sections in EXAMPLES.items():
        content = routes_document(slo, sections, example)
        comment = (
            _WRITTEN,
            "",
            f"The whole configuration with receivers for {example}. Copy it to ../alertmanager.yml, write addresses of your",
            "own, and put the secret into the file that is named, mode 0600, owned by Alertmanager's user.",
        )
        built.append(_file(RECEIVERS_FOLDER / f"{example}.yml", content, *comment))
    return built


def _file(path: Path, content: Any, *comment: str) -> GeneratedFile:
    return GeneratedFile(path, yaml_text(content, *comment).encode())


def _prometheus_file(slo: Slo) -> GeneratedFile:
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
    return _file(
        PROMETHEUS_FILE,
        content,
        "Written by `lean-live slo build`, once: from now on it is yours, and changes of slo.toml need none of it.",
        "",
        f"Objectives look back {longest} days: start Prometheus with --storage.tsdb.retention.time={longest + 5}d or more.",
    )


def _check_prometheus(slo: Slo, content: dict[str, Any], name: str) -> None:
    """Check that the user's prometheus.yml takes the rules and scrapes the sidecar under the name that they ask for."""
    patterns = _list_of(content, "rule_files", name)
    if not any(fnmatch(RULES_FILE.name, PurePath(str(each)).name) for each in patterns):
        raise ConfigError(
            f"rule_files of {name} names no {RULES_FILE.name}, so that no alert would ever fire; add it there: - rules/*.yml"
        )
    jobs = [each.get("job_name") for each in _list_of(content, "scrape_configs", name) if isinstance(each, dict)]
    # Jobs may also stand in files of their own.
    if slo.service.job not in jobs and not content.get("scrape_config_files"):
        raise ConfigError(
            f"scrape_configs of {name} has no job {slo.service.job!r}, which the rules ask for; name it so there "
            f"(job_name: {slo.service.job}), or write the name of yours as job in [service] of slo.toml"
        )


def _list_of(content: dict[str, Any], key: str, name: str) -> list[Any]:
    found = content.get(key) or []
    if not isinstance(found, list):
        raise ConfigError(f"{key} of {name} is no list; correct it there")
    return found


def _existing(path: Path, harm: str) -> dict[str, Any] | None:
    """Return what a file of the user's holds, None without one.

    Parameters:
        path: the file.
        harm: what follows when it cannot be read, for errors.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is no YAML, so that {harm}: {' '.join(str(error).split())}; correct or delete it"
        ) from error
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{path} holds no mapping, so that {harm}; correct or delete it")
    return content
