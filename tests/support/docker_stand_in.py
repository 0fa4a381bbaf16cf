"""A stand-in for the `docker` command: answers as Docker 28 with compose 2 does, from a file that a test writes.

Daemons do not run in tests, so what is checked with it is which words the command line gets, and what its answers lead to.
The compose file is read for real: anchors, variables, and their error messages.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!{python} -P
import sys
sys.path.insert(0, {tests!r})
from support.docker_stand_in import main
main({state!r})
"""


class Docker:
    """A `docker` in a folder of PATH.

    Parameters:
        folder: where the script and its state are written.
    """

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self._state = folder / "docker.json"
        tests = str(Path(__file__).resolve().parent.parent)
        script = self.bin / "docker"
        script.write_text(SCRIPT.format(python=sys.executable, tests=tests, state=str(self._state)), encoding="utf-8")
        script.chmod(0o755)
        self.set(has_compose=True, daemon_error="", info={"OperatingSystem": "Debian GNU/Linux 12 (bookworm)"})
        self.set(health=[], calls=[], running=[], logs="", ends=[], as_list=False, up_code=0)

    def set(self, **values: Any) -> None:
        """Change what it answers."""
        self._state.write_text(json.dumps({**self._read(), **values}), encoding="utf-8")

    @property
    def calls(self) -> list[list[str]]:
        """The words of all calls, in order."""
        calls: list[list[str]] = self._read()["calls"]
        return calls

    @property
    def environments(self) -> list[dict[str, str]]:
        """The stack's variables at each call of compose."""
        found: list[dict[str, str]] = self._read().get("environments", [])
        return found

    def _read(self) -> dict[str, Any]:
        if not self._state.exists():
            return {}
        content: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
        return content


def main(path: str) -> None:
    """Answer one call."""
    state = json.loads(Path(path).read_text(encoding="utf-8"))
    words = sys.argv[1:]
    state["calls"].append(words)
    variables = {name: value for name, value in os.environ.items() if name.startswith("LEAN_LIVE_STACK_")}
    state.setdefault("environments", []).append(variables)
    try:
        code = _answer(words, state)
    finally:
        Path(path).write_text(json.dumps(state), encoding="utf-8")
    sys.exit(code)


def _answer(words: list[str], state: dict[str, Any]) -> int:
    if words == ["--version"]:
        print("Docker version 28.2.2, build e6534b4")
        return 0
    if words[0] == "info":
        print(json.dumps({**state["info"], "ServerVersion": "" if state["daemon_error"] else "28.2.2"}))
        print(state["daemon_error"], file=sys.stderr, end="")
        return 1 if state["daemon_error"] else 0
    if words[0] == "compose" and not state["has_compose"]:
        print("docker: unknown command: docker compose\n\nRun 'docker --help' for more information", file=sys.stderr)
        return 1
    if words == ["compose", "version"]:
        print("Docker Compose version v2.36.2")
        return 0
    assert words[:2] == ["compose", "--project-name"], words
    assert words[3] == "--file", words
    return _compose(Path(words[4]), words[5:], state)


def _compose(file: Path, words: list[str], state: dict[str, Any]) -> int:
    try:
        services = _services(file)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    if words == ["config", "--format", "json"]:
        print(json.dumps({"name": "lean-live", "services": services}))
    elif words == ["up", "--detach", "--remove-orphans"]:
        if state["up_code"] == 0:
            state["running"] = list(services)
        print("Error response from daemon" if state["up_code"] else " Container lean-live-prometheus-1  Started")
        return int(state["up_code"])
    elif words == ["down", "--remove-orphans"]:
        state["running"] = []
        print(" Container lean-live-prometheus-1  Removed")
    elif words == ["ps", "--all", "--format", "json"]:
        # One word of `health` for each look; the last one stays.
        health = state["health"].pop(0) if len(state["health"]) > 1 else (state["health"] or ["healthy"])[0]
        rows = [_row(name, health, state) for name in state["running"]]
        print(json.dumps(rows) if state["as_list"] else "\n".join(map(json.dumps, rows)))
    elif words[0] == "logs":
        print(state["logs"])
    else:
        assert words[:3] == ["kill", "--signal", "HUP"], words
    return 0


def _row(name: str, health: str, state: dict[str, Any]) -> dict[str, str]:
    if name in state["ends"]:
        return {"Service": name, "State": "exited", "Health": ""}
    return {"Service": name, "State": "running", "Health": health}


def _services(file: Path) -> dict[str, Any]:
    import yaml

    def value_of(match: re.Match[str]) -> str:
        name, operator, text = match[1], match[2], match[3]
        if os.environ.get(name):
            return os.environ[name]
        if operator == ":?":
            raise LookupError(f"error while interpolating: required variable {name} is missing a value: {text}")
        return text

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value_of, value) if isinstance(value, str) else value

    services: dict[str, Any] = filled(yaml.safe_load(file.read_text(encoding="utf-8"))["services"])
    return services
