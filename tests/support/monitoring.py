"""The real Prometheus and Alertmanager on free ports, and a webhook that receives alerts."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import aiohttp
import yaml
from aiohttp import web

from support.commands import ROOT

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
_STOP_SECONDS = 10.0


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Server:
    """A program that serves HTTP until the end of the `with` block; what it says goes to a file.

    Parameters:
        folder: its working folder.
        words: the program and its options.
        port: where it will listen.
    """

    def __init__(self, folder: Path, words: list[str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{Path(words[0]).name}.log"
        self._folder, self._words = folder, words

    def __enter__(self) -> Server:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._words, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def is_ready(self, http: aiohttp.ClientSession) -> bool:
        """Return whether it answers; fail when it has ended."""
        assert self._process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            async with http.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def alertmanager(folder: Path, webhook_url: str) -> Server:
    """Return an Alertmanager with the routes of a folder, whose receivers are a webhook and which waits for nothing.

    Parameters:
        folder: what `slo build` wrote.
        webhook_url: where its receivers send to.
    """
    assert ALERTMANAGER is not None
    path = folder / "alertmanager" / "alertmanager.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in content["receivers"]:
        if receiver["name"] in ("page", "ticket"):
            receiver["webhook_configs"] = [{"url": f"{webhook_url}/{receiver['name']}"}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    port = free_port()
    words = _words("alertmanager", {"config.file": path, "storage.path": folder / "data"}, port)
    return Server(folder, [ALERTMANAGER, *words], port)


def prometheus(folder: Path, sidecar: str, manager: Server) -> Server:
    """Return a Prometheus with the rules of a folder, which scrapes and evaluates once a second.

    Parameters:
        folder: what `slo build` wrote.
        sidecar: address of the sidecar, with its port.
        manager: the Alertmanager that it tells.
    """
    assert PROMETHEUS is not None
    path = folder / "prometheus" / "prometheus.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in content["scrape_configs"]:
        job["static_configs"] = [{"targets": [sidecar]}]
    content["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [manager.url.removeprefix("http://")]}]}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    for rules in (folder / "prometheus" / "rules").glob("*.yml"):
        groups = yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]
        rules.write_text(
            yaml.safe_dump({"groups": [{**group, "interval": "1s"} for group in groups]}), encoding="utf-8"
        )
    port = free_port()
    words = _words("prometheus", {"config.file": path, "storage.tsdb.path": folder / "prometheus-data"}, port)
    return Server(folder, [PROMETHEUS, *words], port)


def _words(service: str, paths: dict[str, Path], port: int) -> list[str]:
    """Return the options that the compose file gives a service, with paths and a port of the test."""
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    changed = {**{name: str(path) for name, path in paths.items()}, "web.listen-address": f"127.0.0.1:{port}"}
    options = dict(word.removeprefix("--").split("=", 1) for word in services[service]["command"])
    assert changed.keys() <= options.keys()
    return [f"--{name}={changed.get(name, value)}" for name, value in options.items()]


class Notice(NamedTuple):
    """One alert of a notification.

    Attributes:
        receiver: page or ticket.
        status: firing or resolved.
        labels: the alert's labels.
        annotations: its annotations.
    """

    receiver: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels["alertname"]


class Webhook:
    """An HTTP server that keeps what Alertmanager sends it.

    Attributes:
        notices: all alerts of all notifications, in order.
        url: its address.
    """

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.url = ""

    async def __aenter__(self) -> Webhook:
        application = web.Application()
        application.router.add_post("/{receiver}", self._take)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        content: dict[str, Any] = await request.json()
        for alert in content["alerts"]:
            self.notices.append(
                Notice(request.match_info["receiver"], alert["status"], alert["labels"], alert["annotations"])
            )
        return web.Response()
