"""Routes of Alertmanager: who is told of each alert, and what silences what. Run by amtool and a real Alertmanager."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from support.monitoring import Server, Webhook, alertmanager
from support.prometheus import AMTOOL, needs_alertmanager, needs_amtool, run_command

from live.clock import NANOSECONDS_PER_SECOND, ns_to_datetime, wall_ns
from live.generated import write_differing
from live.slo.build import ALERTMANAGER_FILE, build
from live.slo.loader import load_slo, parse_slo
from live.slo.routes import routes_document
from live.slo.rules import rules_document

HOUR_NS = 3_600 * NANOSECONDS_PER_SECOND
ALERTS = [rule for group in rules_document(load_slo(None))["groups"] for rule in group["rules"] if "alert" in rule]
BUDGET = {"algorithm": "Momentum", "instance": "127.0.0.1:9109"}
RUN = {**BUDGET, "run": "Momentum-1", "job": "lean-live"}
SIDECAR = {"instance": "127.0.0.1:9109", "job": "lean-live"}


def labels_of(alert: str, severity: str = "page", **own: str) -> dict[str, str]:
    """Return the labels of an alert as Prometheus sends them."""
    rule = next(each for each in ALERTS if (each["alert"], each["labels"]["sloth_severity"]) == (alert, severity))
    return {"alertname": alert, **rule["labels"], **own}


@needs_amtool
@pytest.mark.parametrize(
    "rule", ALERTS, ids=lambda rule: f"{rule['labels']['sloth_slo']}-{rule['alert']}-{rule['labels']['severity']}"
)
def test_each_alert_reaches_the_receiver_of_its_severity(rule: dict[str, Any]) -> None:
    config = Path(__file__).resolve().parents[3] / "deploy" / ALERTMANAGER_FILE
    labels = {"alertname": rule["alert"], **rule["labels"], **RUN}
    words = [f"{name}={value}" for name, value in labels.items()]
    ended = run_command(AMTOOL, "config", "routes", "test", f"--config.file={config}", *words)
    # Some versions warn of an address that we have not given.
    assert (ended.returncode, ended.stdout.split()[-1]) == (0, rule["labels"]["sloth_severity"])


@needs_amtool
def test_alerts_of_others_reach_nobody() -> None:
    config = Path(__file__).resolve().parents[3] / "deploy" / ALERTMANAGER_FILE
    ended = run_command(AMTOOL, "config", "routes", "test", f"--config.file={config}", "alertname=Watchdog")
    assert ended.stdout.split()[-1] == "none"


def test_feed_alerts_are_of_the_session_and_others_are_not() -> None:
    only = {rule["labels"]["sloth_slo"] for rule in ALERTS if rule["labels"].get("session") == "only"}
    assert only == {"feed-freshness", "feed-down", "feed-silent", "feed-frozen", "orders-held"}


def test_a_market_that_never_closes_has_no_hours() -> None:
    slo = parse_slo('[service]\nsession = "always"', "slo.toml")
    document = routes_document(slo, None, "alertmanager.yml")
    assert "time_intervals" not in document
    assert "session" not in yaml.safe_dump(document["route"])
    assert all("session" not in rule["labels"] for group in rules_document(slo)["groups"] for rule in group["rules"])


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (
            'hours = 6.5, days = 5, zone = "America/New_York", open = "09:30", close = "16:00"',
            [("09:30", "16:00", "monday friday", "America/New_York")],
        ),
        (
            'hours = 23, days = 5, zone = "America/Chicago", open = "17:00", close = "16:00", first_day = "sunday"',
            [
                ("17:00", "24:00", "sunday thursday", "America/Chicago"),
                ("00:00", "16:00", "monday friday", "America/Chicago"),
            ],
        ),
        (
            'hours = 24, days = 7, zone = "UTC", open = "00:00", close = "00:00"',
            [("00:00", "24:00", "monday sunday", "UTC")],
        ),
    ],
)
def test_hours_of_a_session(session: str, expected: list[tuple[str, str, str, str]]) -> None:
    slo = parse_slo(f"[service]\nsession = {{ {session} }}", "slo.toml")
    (interval,) = routes_document(slo, None, "alertmanager.yml")["time_intervals"]
    found = [
        (
            each["times"][0]["start_time"],
            each["times"][0]["end_time"],
            f"{each['weekdays'][0]} {each['weekdays'][-1]}",
            each["location"],
        )
        for each in interval["time_intervals"]
    ]
    assert found == expected
    assert all(len(each["weekdays"]) == slo.service.session.days for each in interval["time_intervals"])  # type: ignore[union-attr]


# -- a real Alertmanager

DECISION, FRESHNESS = "LeanLiveTickToDecision", "LeanLiveFeedFreshness"
DOWN = labels_of("LeanLiveSidecarDown", **SIDECAR)
FEED = labels_of("LeanLiveFeedDown", **RUN)
DIED = labels_of("LeanLiveRunDied", **RUN)
OTHER_ALGORITHM = {"algorithm": "Reversal", "instance": "127.0.0.1:9109"}
OTHER_MACHINE = {"algorithm": "Momentum", "instance": "10.0.0.2:9109"}
INHIBITION = [
    # What is silenced by the page of the same objective, of the same algorithm and sidecar.
    ([labels_of(DECISION, **BUDGET)], labels_of(DECISION, "ticket", **BUDGET), True),
    ([labels_of(DECISION, **BUDGET)], labels_of(DECISION, "ticket", **OTHER_ALGORITHM), False),
    ([labels_of(DECISION, **BUDGET)], labels_of(DECISION, "ticket", **OTHER_MACHINE), False),
    ([labels_of(DECISION, **BUDGET)], labels_of("LeanLiveTickToOrder", "ticket", **BUDGET), False),
    ([labels_of(DECISION, "ticket", **BUDGET)], labels_of(DECISION, **BUDGET), False),
    # A feed that is down explains latency, freshness and silence of its algorithm and run.
    ([FEED], labels_of(DECISION, **BUDGET), True),
    ([FEED], labels_of("LeanLiveTickToOrder", "ticket", **BUDGET), True),
    ([FEED], labels_of(FRESHNESS, **BUDGET), True),
    ([FEED], labels_of("LeanLiveTicksMissing", "ticket", **BUDGET), True),
    ([FEED], labels_of("LeanLiveFeedSilent", **RUN, symbol="IBM"), True),
    ([FEED], labels_of("LeanLiveOrdersHeld", **RUN), True),
    ([FEED], labels_of("LeanLiveFeedSilent", **{**RUN, "run": "Momentum-2"}, symbol="IBM"), False),
    ([FEED], labels_of(DECISION, **OTHER_ALGORITHM), False),
    ([FEED], labels_of("LeanLiveGcPausePython", **BUDGET), False),
    ([FEED], labels_of("LeanLiveDroppedTicks", **RUN, reason="late"), False),
    ([FEED], labels_of("LeanLiveKillSwitch", **RUN), False),
    # A run that died explains what follows from that.
    ([DIED], labels_of("LeanLiveRunStuck", **RUN), True),
    ([DIED], labels_of("LeanLiveFeedDown", **RUN), True),
    ([DIED], labels_of("LeanLiveOrdersHeld", **RUN, bit="pause"), True),
    ([DIED], labels_of(FRESHNESS, **BUDGET), True),
    ([DIED], labels_of("LeanLiveFeedDown", **{**RUN, "run": "Momentum-2"}), False),
    ([DIED], labels_of("LeanLiveKillSwitch", **RUN), False),
    # Of a sidecar that is down nothing is known, but of others it is.
    ([DOWN], labels_of(DECISION, **BUDGET), True),
    ([DOWN], labels_of(DECISION, **OTHER_ALGORITHM), True),
    ([DOWN], labels_of("LeanLiveRunDied", **RUN), True),
    ([DOWN], labels_of("LeanLiveTelemetryLost", "ticket", **RUN), True),
    ([DOWN], labels_of("LeanLiveClockStep", "ticket", **SIDECAR), True),
    ([DOWN], labels_of("LeanLiveObjectiveUnmeasured", "ticket", **RUN), True),
    ([DOWN], labels_of(DECISION, **OTHER_MACHINE), False),
    ([DOWN], labels_of("LeanLiveRunDied", **{**RUN, "instance": "10.0.0.2:9109"}), False),
    ([DOWN], DOWN, False),
    ([FEED], FEED, False),
]


async def post(http: aiohttp.ClientSession, manager: Server, alerts: list[dict[str, str]]) -> None:
    async with http.post(f"{manager.url}/api/v2/alerts", json=[{"labels": each} for each in alerts]) as answer:
        assert answer.status == 200, await answer.text()


def on_its_own(labels: dict[str, str], case: int) -> dict[str, str]:
    """Return labels with an address that no other case has, so that one Alertmanager serves them all."""
    return {**labels, "instance": f"{labels['instance']}/{case}"}


async def is_as_expected(http: aiohttp.ClientSession, manager: Server, labels: dict[str, str], expected: bool) -> bool:
    """Return whether Alertmanager has an alert and holds it for silenced by another one, or not."""
    async with http.get(f"{manager.url}/api/v2/alerts") as answer:
        for alert in await answer.json():
            if alert["labels"] == labels and alert["status"]["state"] != "unprocessed":
                return bool(alert["status"]["inhibitedBy"]) == expected
    return False


async def ready(http: aiohttp.ClientSession, manager: Server) -> None:
    await until_async(lambda: manager.is_ready(http))


async def until_async(holds: Any) -> None:
    """Wait until a coroutine function returns something true."""
    for _ in range(1_000):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never held: {holds}")


@needs_alertmanager
def test_what_silences_what(tmp_path: Path) -> None:
    write_differing(build(load_slo(None), tmp_path, "slo.toml"), tmp_path)

    async def main() -> None:
        with alertmanager(tmp_path, "http://127.0.0.1:1") as manager:
            async with aiohttp.ClientSession() as http:
                await ready(http, manager)
                for number, (sources, target, _expected) in enumerate(INHIBITION):
                    await post(http, manager, [on_its_own(each, number) for each in (*sources, target)])
                for number, (_sources, target, expected) in enumerate(INHIBITION):
                    await until_async(partial(is_as_expected, http, manager, on_its_own(target, number), expected))

    asyncio.run(main())


@needs_alertmanager
@pytest.mark.parametrize("is_open", [True, False])
def test_alerts_of_the_session_are_sent_in_its_hours(tmp_path: Path, is_open: bool) -> None:
    now_ns = wall_ns()
    begin_ns, end_ns = (
        (now_ns - 2 * HOUR_NS, now_ns + 2 * HOUR_NS) if is_open else (now_ns + 4 * HOUR_NS, now_ns + 8 * HOUR_NS)
    )
    begin, end = (ns_to_datetime(each).strftime("%H:%M") for each in (begin_ns, end_ns))
    session = f'{{ hours = 4, days = 7, zone = "UTC", open = "{begin}", close = "{end}" }}'
    slo = parse_slo(f"[service]\nsession = {session}", "slo.toml")
    write_differing(build(slo, tmp_path, "slo.toml"), tmp_path)

    frozen = labels_of("LeanLiveFeedFrozen", **{**RUN, "run": "Momentum-2"}, symbol="IBM")
    kill = labels_of("LeanLiveKillSwitch", **RUN)
    expected = {each["alertname"] for each in ((FEED, frozen, kill) if is_open else (kill,))}

    async def main() -> set[str]:
        async with Webhook() as webhook, aiohttp.ClientSession() as http:

            async def have_come() -> bool:
                return {each.name for each in webhook.notices} >= expected

            with alertmanager(tmp_path, webhook.url) as manager:
                await ready(http, manager)
                # What is sent at any hour comes last, and shows that the others would have come by now.
                for each in (FEED, frozen, kill):
                    await post(http, manager, [each])
                await until_async(have_come)
            return {each.name for each in webhook.notices}

    assert asyncio.run(main()) == expected
