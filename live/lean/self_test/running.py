"""Which settings of the low-latency profile are in force in an engine that runs.

Read from outside, in /proc: the environment that the process was started with (.NET looks at no other), the config.json of
its working folder, and the host's settings that its environment names. Paths are followed as the process sees them, so
that an engine in a container can be looked at too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from live.config import LeanSettings
from live.errors import UsageError
from live.lean.instructions import SETTINGS_VARIABLE, Instructions
from live.lean.profile import Place, ProfileSetting, low_latency
from live.lean.self_test.assumptions import Finding, Verdict

_PROC = Path("/proc")
_CONFIG_FILE = "config.json"


def look_at_process(pid: int, settings: LeanSettings) -> list[Finding]:
    """Return for each setting of the profile whether it is in force.

    Parameters:
        pid: the engine's process, or the first one of its container.
        settings: table `[lean]`: the profile as it should be.

    Raises:
        UsageError: there is no such process, or it is somebody else's.
    """
    folder = _PROC / str(pid)
    variables = _variables(folder, pid)
    config = _config(folder / "cwd" / _CONFIG_FILE)
    host = _host(folder, variables)
    return [_finding(each, variables, config, host) for each in low_latency(settings)]


def _finding(
    setting: ProfileSetting, variables: dict[str, str], config: dict[str, Any] | None, host: LeanSettings | None
) -> Finding:
    if setting.place is Place.ENVIRONMENT:
        return _compared(setting, variables.get(setting.key), str(setting.value), "not set")
    if setting.place is Place.CONFIG:
        if config is None:
            return _unknown(setting, f"no {_CONFIG_FILE} in its working folder")
        return _compared(setting, config.get(setting.key), setting.value, "not set")
    if host is None:
        return _unknown(setting, f"lean-live is not attached: {SETTINGS_VARIABLE} is not set, or its file is gone")
    return _compared(setting, getattr(host, setting.key), setting.value, "not set")


def _compared(setting: ProfileSetting, found: Any, wanted: Any, missing: str) -> Finding:
    shown = missing if found is None else str(found)
    return _of(setting, "pass" if found == wanted else "fail", f"{setting.key} {shown}")


def _unknown(setting: ProfileSetting, why: str) -> Finding:
    return _of(setting, "unknown", why)


def _of(setting: ProfileSetting, verdict: Verdict, observed: str) -> Finding:
    what = f"{setting.name}: {setting.key} = {setting.value} ({setting.place.value})"
    return Finding(setting.name, what, verdict, observed, f"{setting.stock}; with it {setting.effect}", False)


def _variables(folder: Path, pid: int) -> dict[str, str]:
    try:
        content = (folder / "environ").read_bytes()
    except OSError as error:
        raise UsageError(
            f"--pid {pid}: cannot look at this process: {error.strerror}; name a process of yours (dotnet ...)"
        ) from error
    pairs = (entry.partition(b"=") for entry in content.split(b"\0") if entry)
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, _, value in pairs}


def _config(path: Path) -> dict[str, Any] | None:
    """Return LEAN's configuration with the keys of the chosen environment before those above them."""
    try:
        found = msgspec.json.decode(path.read_bytes())
        chosen = found.get("environments", {}).get(found.get("environment"), {})
        return {**found, **chosen}
    except (OSError, msgspec.DecodeError, AttributeError, TypeError):
        return None


def _host(folder: Path, variables: dict[str, str]) -> LeanSettings | None:
    name = variables.get(SETTINGS_VARIABLE)
    if not name:
        return None
    try:
        return msgspec.json.decode((folder / "root" / name.lstrip("/")).read_bytes(), type=Instructions).lean
    except (OSError, msgspec.DecodeError):
        return None
