"""slo.toml: what it may hold, and how errors name file, table, key, range and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.errors import ConfigError
from live.hot.catalogue import Stage
from live.settings_file import find_beside
from live.slo.loader import SLO_FILE_NAME, default_text, load_slo, parse_slo
from live.slo.metrics import KNOWN_METRICS, known_metric
from live.slo.objectives import Latency, Session, latency_bounds_ns

LATENCY = '{ kind = "latency", metric = "decision_seconds", threshold_ms = 1 }'


def objective(indicator: str = LATENCY, name: str = "o", **keys: str) -> str:
    """Return a table of an objective; values are TOML."""
    found = {"name": f'"{name}"', "description": '"d"', "indicator": indicator, "objective": "99", **keys}
    return "[[objective]]\n" + "".join(f"{key} = {value}\n" for key, value in found.items() if value)


def incident(when: str, **keys: str) -> str:
    return objective(f'{{ kind = "incident", when = [{when}] }}', **{"objective": "", "severity": '["page"]', **keys})


def condition(text: str) -> str:
    return incident(f"{{ {text} }}")


def service(session: str) -> str:
    return f"[service]\nsession = {session}\n"


NEW_YORK = 'zone = "America/New_York", open = "09:30", close = "16:00"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "slo.toml is no valid TOML: "),
        ("[servise]", r"unknown table \[servise\] in slo.toml: did you mean 'service'\?"),
        ("service = 1", r"service in slo.toml is a value; write it as a table: \[service\]"),
        ("[objective]", r"objective in slo.toml is no list of tables; write each as \[\[objective\]\]"),
        ("objective = [1]", r"\[\[objective\]\] 1 of slo.toml is 1; it must be a table"),
        ("[service]\nnme = 'a'", r"unknown key 'nme' in \[service\] of slo.toml: did you mean 'name'\?"),
        (
            "[service]\nname = 'A B'",
            r"name in \[service\] of slo.toml is 'A B'; it must be text of 1 to 63 characters that",
        ),
        (service('"never"'), r"session in \[service\] of slo.toml is 'never'; it must be a table or one of always"),
        (service(f"{{ hours = 25, days = 5, {NEW_YORK} }}"), "hours in session of .* is 25; .* above 0, up to 24"),
        (
            service(f"{{ hours = 7, days = 5, {NEW_YORK} }}"),
            "hours = 7 of session .* is more than the 6.5 hours from 09:30",
        ),
        (
            service(f"{{ hours = 6, days = 8, {NEW_YORK} }}"),
            "days in session of .* is 8; .* a whole number from 1 to 7",
        ),
        (service(f"{{ days = 5, {NEW_YORK} }}"), r"session of \[service\] of slo.toml has no hours; add it"),
        (
            service('{ hours = 6, days = 5, zone = "America/NewYork", open = "09:30", close = "16:00" }'),
            "zone 'America/NewYork' of session .* is no time zone",
        ),
        (
            service('{ hours = 6, days = 5, zone = "UTC", open = "9:30", close = "16:00" }'),
            "open in session of .* is '9:30'; it must be text of 5 to 5 characters that match",
        ),
        ("[[objective]]\nname = 'o'", r"\[\[objective\]\] 1 of slo.toml has no description; add it"),
        (
            objective('{ kind = "latancy" }'),
            "has kind = 'latancy'; kind must be one of latency, ratio, gauge, incident",
        ),
        (objective("{ }"), r"indicator of \[\[objective\]\] 1 of slo.toml has no kind; kind must be one of"),
        (objective("5"), r"indicator in \[\[objective\]\] 1 of slo.toml is 5; it must be a table"),
        (objective(objective="101"), "objective in .* is 101; it must be a number above 0, up to 100"),
        (objective(objective="nan"), "objective in .* is nan; it must be a number above 0, up to 100"),
        (objective(objective="100"), "promises 100 %, so that there is no error budget to burn; .* kind incident"),
        (objective(window='"30h"'), "window in .* is '30h'; it must be text of 2 to 4 characters that match"),
        (objective(severity='["pager"]'), r"severity in .* is \['pager'\]; .* each one of page, ticket"),
        (objective(severity="[]"), r"severity in .* is \[\]; it must be a list of 1 to 2 elements"),
        (objective(severity='["page", "page"]'), "severity of objective 'o' of slo.toml names page twice"),
        (objective(minimum_events="0"), "minimum_events in .* is 0; it must be a whole number from 1 to 1000000000"),
        (objective(silences='["p"]'), "objective 'o' of slo.toml silences 'p': known here: o"),
        (objective(silences='["o"]'), "objective 'o' of slo.toml silences itself, so that it would never be told of"),
        (objective() + objective(), "slo.toml has two objectives with the name 'o'; rename one"),
        (objective(name="a-b") + objective(name="a--b"), "two objectives with the alert 'LeanLiveAB'"),
        (
            objective('{ kind = "latency", metric = "decision_second", threshold_ms = 1 }'),
            "unknown metric 'decision_second' in objective 'o' of slo.toml: did you mean 'decision_seconds'",
        ),
        (
            objective('{ kind = "latency", metric = "symbols", threshold_ms = 1 }'),
            "metric 'symbols' of objective 'o' .* is a gauge; its indicator needs a histogram",
        ),
        (
            objective('{ kind = "latency", metric = "decision_seconds", threshold_ms = 0.0000015 }'),
            "threshold_ms = 1.5e-06 of .* is 1.5 ns; histograms count whole nanoseconds",
        ),
        (
            objective('{ kind = "latency", metric = "decision_seconds", threshold_ms = 4398047 }'),
            "threshold_ms = 4.39805e\\+06 of .* lies beyond the histogram's largest bound, 4398047 ms",
        ),
        (
            objective(
                '{ kind = "latency", metric = "gc_pause_seconds", labels = { runtime = "java" }, threshold_ms = 1 }'
            ),
            "label runtime of gc_pause_seconds is never 'java', as objective 'o' .* known here: python, dotnet",
        ),
        (
            objective(
                '{ kind = "latency", metric = "gc_pause_seconds", labels = { runtme = "python" }, threshold_ms = 1 }'
            ),
            "unknown label 'runtme' of gc_pause_seconds in objective 'o' .* did you mean 'runtime'",
        ),
        (
            objective('{ kind = "latency", metric = "gc_pause_seconds", labels = { runtime = [] }, threshold_ms = 1 }'),
            "label runtime of gc_pause_seconds in objective 'o' of slo.toml is an empty list",
        ),
        (
            "".join(
                objective(f'{{ kind = "latency", metric = "decision_seconds", threshold_ms = {at} }}', name=f"o{at}")
                for at in range(1, 18)
            ),
            "slo.toml has 17 thresholds of decision_seconds; a histogram counts at most 16 exactly",
        ),
        (
            objective('{ kind = "ratio", bad = [], total = [{ metric = "events_total" }] }'),
            "bad of objective 'o' of slo.toml is empty",
        ),
        (
            objective('{ kind = "ratio", bad = [{ metric = "symbols" }], total = [{ metric = "events_total" }] }'),
            "metric 'symbols' .* is a gauge; its indicator needs a counter",
        ),
        (
            objective('{ kind = "gauge", bad = [{ metric = "up", missing = true }] }'),
            "missing = true on up in bad of objective 'o' of slo.toml: only `when`",
        ),
        (
            objective(
                '{ kind = "incident", when = [{ metric = "up", equals = 0 }], seen_within = "1d" }',
                objective="",
                severity='["page"]',
            ),
            "seen_within of objective 'o' of slo.toml has no conditions to look for; add during",
        ),
        (incident(""), "when of objective 'o' of slo.toml is empty"),
        (
            incident('{ metric = "symbols", above = 1 }', objective="99"),
            "promises 99 % of something that must never happen",
        ),
        (incident('{ metric = "symbols", above = 1 }', severity=""), "is of kind incident, which has one alert"),
        (condition('metric = "symbols"'), "the condition on symbols of .* has nothing to hold; give exactly one of"),
        (condition('metric = "symbols", above = 1, below = 2'), "has above and below; give exactly one of"),
        (condition('metric = "symbols", grows_within = "5m"'), "is a gauge; its indicator needs a counter"),
        (condition('metric = "events_total", above = 5'), "is a counter; its indicator needs a gauge"),
        (
            condition('metric = "events_total", grows_within = "5s"'),
            "is shorter than some scrapes take; write at least 30s",
        ),
        (condition('metric = "symbols", older_than_seconds = 5'), "has older_than_seconds, but is no moment"),
        (
            condition('metric = "symbols", equal = 5'),
            r"unknown key 'equal' in when of indicator of \[\[objective\]\] 1, number 1",
        ),
    ],
)
def test_errors_name_the_place_and_the_remedy(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_slo(text, "slo.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("minute", range(60))
@pytest.mark.parametrize(("hours", "begin", "end"), [(4, 15, 19), (4, 22, 2), (24, 7, 7), (23, 17, 16)])
def test_a_session_may_be_as_long_as_from_open_to_close(hours: int, begin: int, end: int, minute: int) -> None:
    times = f'open = "{begin:02}:{minute:02}", close = "{end:02}:{minute:02}"'
    slo = parse_slo(service(f'{{ hours = {hours}, days = 7, zone = "UTC", {times} }}'), "slo.toml")
    assert isinstance(slo.service.session, Session)


def test_a_file_without_objectives_has_the_packaged_ones() -> None:
    slo = parse_slo('[service]\nname = "crypto"\nsession = "always"', "slo.toml")
    assert slo.service.session == "always"
    assert slo.objectives == load_slo(None).objectives


def test_objectives_of_a_file_replace_the_packaged_ones() -> None:
    assert [each.name for each in parse_slo(objective(name="mine"), "slo.toml").objectives] == ["mine"]


def test_defaults_are_what_the_packaged_file_says() -> None:
    slo = parse_slo(default_text(), "slo.toml")
    assert slo == load_slo(None)
    assert slo.service.session == Session(hours=6.5, days=5, zone="America/New_York", open="09:30", close="16:00")


def test_slo_toml_is_found_beside_the_algorithm(tmp_path: Path) -> None:
    algorithm = tmp_path / "main.py"
    assert find_beside(algorithm, SLO_FILE_NAME) is None
    (tmp_path / "slo.toml").write_text(objective())
    assert find_beside(algorithm, SLO_FILE_NAME) == find_beside(tmp_path, SLO_FILE_NAME) == tmp_path / "slo.toml"
    assert len(load_slo(tmp_path / "slo.toml").objectives) == 1


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "slo.toml"
    if content is not None:
        path.write_bytes(content)
    remedy = "correct the path" if content is None else "save it as UTF-8"
    with pytest.raises(ConfigError, match=f"{path}.*; {remedy}"):
        load_slo(path)


def test_thresholds_are_collected_by_histogram_and_rise() -> None:
    def latency(name: str, metric: str, milliseconds: str, labels: str = "{}") -> str:
        indicator = f'{{ kind = "latency", metric = "{metric}", labels = {labels}, threshold_ms = {milliseconds} }}'
        return objective(indicator, name=name)

    text = (
        latency("a", "decision_seconds", "2")
        + latency("b", "lean_live_decision_seconds", "0.25")
        + latency("c", "decision_seconds", "2")
        + latency("d", "gc_pause_seconds", "5")
        + latency("e", "gc_pause_seconds", "7", '{ runtime = "python" }')
    )
    assert latency_bounds_ns(parse_slo(text, "slo.toml").objectives) == {
        Stage.DECISION: (250_000, 2_000_000),
        Stage.GC_PAUSE_PYTHON: (5_000_000, 7_000_000),
        Stage.GC_PAUSE_DOTNET: (5_000_000,),
    }


def test_packaged_thresholds() -> None:
    assert latency_bounds_ns(load_slo(None).objectives) == {
        Stage.TICK_TO_DECISION: (1_000_000,),
        Stage.TICK_TO_ORDER: (2_000_000,),
        Stage.GC_PAUSE_PYTHON: (5_000_000,),
        Stage.GC_PAUSE_DOTNET: (5_000_000,),
    }


def test_all_metrics_of_the_catalogue_are_known() -> None:
    reasons = KNOWN_METRICS["ticks_dropped_total"].labels["reason"]
    assert reasons is not None
    assert {"malformed", "suspicious", "ahead"} <= set(reasons)
    assert KNOWN_METRICS["feed_age_seconds"].labels == {"symbol": None}
    assert known_metric("lean_live_up") is None
    assert known_metric("up") is not None
    assert known_metric("lean_live_symbols") is known_metric("symbols")
    clock = known_metric("clock_steps_total")
    assert clock is not None
    assert not clock.of_runs


def test_dropped_ticks_names_all_reasons_but_that_of_the_data() -> None:
    found = next(each for each in load_slo(None).objectives if each.name == "dropped-ticks").indicator
    assert not isinstance(found, Latency)
    named = set(found.when[0].labels["reason"])  # type: ignore[union-attr]
    assert named == set(KNOWN_METRICS["ticks_dropped_total"].labels["reason"] or ()) - {"suspicious"}
