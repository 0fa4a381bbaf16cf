"""The committed dashboards: what Grafana asks of them, and that they say what the code says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from support.dashboards import FOLDER, PATHS, ROOT, all_queries, load, names_in, panels_of, queries_of, substituted
from support.prometheus import needs_promtool, run_promtool

from live.hot.catalogue import SIDECAR_METRICS, MetricKind, Stage, all_metrics

DATA_SOURCE = {"type": "prometheus", "uid": "lean-live-prometheus"}
COLUMNS = 24
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def exported_names() -> set[str]:
    names = set()
    for metric in all_metrics():
        suffixes = ("_bucket", "_sum", "_count") if metric.kind is MetricKind.HISTOGRAM else ("",)
        names |= {metric.full_name + suffix for suffix in suffixes}
    return names


def recorded_names() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "prometheus").rglob("*.yml")]
    return {name for text in texts for name in re.findall(r"record: (\S+)", text)}


def test_there_are_dashboards_and_their_uids_are_their_file_names() -> None:
    found = {load(path)["uid"] for path in PATHS}
    assert found == {path.stem for path in PATHS}
    assert {"lean-live-latency", "lean-live-orders", "lean-live-feed", "lean-live-host", "lean-live-slo"} <= found
    assert len({load(path)["title"] for path in PATHS}) == len(PATHS)


@each
def test_panels_have_ids_of_their_own(path: Path) -> None:
    ids = [panel["id"] for panel in load(path)["panels"]]
    assert len(ids) == len(set(ids))
    assert all(number > 0 for number in ids)


@each
def test_titles_tell_panels_apart(path: Path) -> None:
    titles = [panel["title"] for panel in panels_of(load(path))]
    assert len(titles) == len(set(titles))


@each
def test_panels_lie_within_the_grid_and_beside_each_other(path: Path) -> None:
    places = [panel["gridPos"] for panel in load(path)["panels"]]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= COLUMNS
        assert place["w"] > 0
        assert place["h"] > 0
    for one, other in combinations(places, 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_below, (one, other)


@each
def test_panels_say_what_they_show_and_in_which_unit(path: Path) -> None:
    for panel in panels_of(load(path)):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        if panel["type"] not in ("table", "text"):
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        if panel["type"] == "table":
            assert_numbers_of_a_table_have_units(panel)


def assert_numbers_of_a_table_have_units(panel: dict[str, Any]) -> None:
    organize = next(each for each in panel["transformations"] if each["id"] == "organize")["options"]
    heads = {head for field, head in organize["renameByName"].items() if field.startswith("Value")}
    with_unit = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if any(value["id"] == "unit" for value in override["properties"])
    }
    assert heads <= with_unit, panel["title"]


@each
def test_everything_asks_the_provisioned_data_source(path: Path) -> None:
    dashboard = load(path)
    for panel in panels_of(dashboard):
        if panel["type"] == "text":
            continue
        assert panel["datasource"] == DATA_SOURCE
        assert [target["datasource"] for target in panel["targets"]] == [DATA_SOURCE] * len(panel["targets"])
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))
    for annotation in dashboard["annotations"]["list"]:
        assert annotation["datasource"] == DATA_SOURCE
    for variable in dashboard["templating"]["list"]:
        assert variable["datasource"] == DATA_SOURCE
    provisioned = (FOLDER.parent / "provisioning" / "datasources" / "lean-live.yaml").read_text(encoding="utf-8")
    assert f"uid: {DATA_SOURCE['uid']}" in provisioned


@each
def test_queries_are_of_the_chosen_run(path: Path) -> None:
    of_sidecar = {metric.full_name for metric in SIDECAR_METRICS}
    for query in queries_of(load(path)):
        for name in names_in(query.expression) - of_sidecar:
            selectors = re.findall(rf"{name}\{{([^}}]*)\}}", query.expression)
            assert len(selectors) == len(re.findall(rf"{name}\b(?!:)", query.expression)), query
            for selector in selectors:
                assert 'algorithm=~"$algorithm' in selector, query
                assert name.startswith("slo:") or 'run=~"$run"' in selector, query


@each
def test_variables_are_used(path: Path) -> None:
    dashboard = load(path)
    queries = [query.expression for query in queries_of(dashboard)]
    definitions = [variable["definition"] for variable in dashboard["templating"]["list"]]
    for variable in dashboard["templating"]["list"]:
        assert any(f"${variable['name']}" in text for text in (*queries, *definitions)), variable["name"]
    for name in re.findall(r"\$(\w+)", " ".join([*queries, *definitions])):
        assert name.startswith("__") or name in {variable["name"] for variable in dashboard["templating"]["list"]}


@each
def test_metrics_exist(path: Path) -> None:
    known = exported_names() | recorded_names()
    asked: set[str] = set().union(*(names_in(query.expression) for query in queries_of(load(path))))
    assert asked or path.stem == "lean-live-runbooks"
    assert asked - known == set()


def test_every_stage_is_on_a_dashboard() -> None:
    asked = set().union(*(names_in(query.expression) for query in all_queries()))
    missing = [stage.metric.full_name for stage in Stage if f"{stage.metric.full_name}_bucket" not in asked]
    assert missing == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_understands_the_queries(tmp_path: Path) -> None:
    # JSON is YAML.
    rules = [
        {"record": f"query{number}", "expr": substituted(query.expression)}
        for number, query in enumerate(all_queries())
    ]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    answer = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


COUNTS = {
    "Ticks dropped": ("lean_live_ticks_dropped_total", {"reason": "late"}),
    "Ticks missing": ("lean_live_feed_ticks_missing_total", {}),
    "Refused orders": ("lean_live_order_denials_total", {"code": "KILL_SWITCH_ENGAGED"}),
    "Orders of unknown fate": ("lean_live_orders_total", {"status": "unknown"}),
    "Telemetry lost": ("lean_live_telemetry_lost_total", {}),
}


@needs_promtool
@pytest.mark.parametrize("title", COUNTS)
def test_counts_are_whole_and_count_what_a_new_run_began_with(tmp_path: Path, title: str) -> None:
    (query,) = [each for each in all_queries() if each.panel == title]
    metric, own = COUNTS[title]

    def series(run: str) -> str:
        labels = {"algorithm": "Momentum", "run": run, "instance": "127.0.0.1:9109", "job": "lean-live", **own}
        return f"{metric}{{{', '.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"

    values = {
        # Ten minutes are shown, up to the thirtieth.
        series("old"): "100x45 101x5 108x60",
        series("new"): "_x50 4577x60",
        series("steady"): "7x120",
        series("over before"): "0+3x20 60x10 stale",
        series("over since"): "40x45 42x3 stale",
        series("begun anew"): "50x45 2x60",
        series("away for a while"): "900x30 _x15 903x60",
    }
    test = {
        "interval": "30s",
        "input_series": [{"series": name, "values": each} for name, each in values.items()],
        "promql_expr_test": [
            {
                "expr": substituted(query.expression, 600),
                "eval_time": "30m",
                "exp_samples": [{"labels": "{}", "value": 8 + 4577 + 2 + 2 + 3}],
            }
        ],
    }
    document = {"rule_files": [], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yml").write_text(json.dumps(document), encoding="utf-8")
    ended = run_promtool("test", "rules", "test.yml", folder=tmp_path)
    assert ended.returncode == 0, ended.stdout


def test_links_lead_to_dashboards_and_pages() -> None:
    uids = {path.stem for path in PATHS}
    for path in PATHS:
        dashboard = load(path)
        (link,) = dashboard["links"]
        assert link["tags"] == ["lean-live"]
        assert link["tags"] == dashboard["tags"]
        for panel in panels_of(dashboard):
            for each_link in panel.get("links", ()):
                match = re.fullmatch(r"/d/([a-z-]+)\?viewPanel=(\d+)", each_link["url"])
                assert match is not None, each_link
                assert match[1] in uids
                assert int(match[2]) in {panel["id"] for panel in panels_of(load(FOLDER / f"{match[1]}.json"))}


def test_every_runbook_is_on_a_dashboard_and_its_links_lead_somewhere() -> None:
    runbooks = load(FOLDER / "lean-live-runbooks.json")
    titles = {panel["id"]: panel["title"] for panel in panels_of(runbooks)}
    assert sorted(titles.values()) == sorted(path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md"))
    for panel in panels_of(runbooks):
        for text, target in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", panel["options"]["content"]):
            match = re.fullmatch(r"/d/lean-live-runbooks\?viewPanel=(\d+)", target)
            assert match is not None, (panel["title"], text, target)
            assert int(match[1]) in titles


def test_what_an_alert_tells_of_is_on_a_panel_that_leads_to_its_runbook() -> None:
    titles = {panel["id"]: panel["title"] for panel in panels_of(load(FOLDER / "lean-live-runbooks.json"))}
    links = [link for path in PATHS for panel in panels_of(load(path)) for link in panel.get("links", ())]
    linked = {titles[int(link["url"].rpartition("=")[2])] for link in links}
    # Any objective may go unmeasured; unusable pages share a panel with the sidecar's other failures.
    assert set(titles.values()) - linked == {"objective-unmeasured", "page-unreadable"}


def test_building_them_anew_changes_nothing() -> None:
    pytest.importorskip("grafana_foundation_sdk")
    from live.dashboards.files import differing_names

    assert differing_names(FOLDER) == {}


def test_an_unknown_metric_is_refused() -> None:
    pytest.importorskip("grafana_foundation_sdk")
    from live.dashboards.queries import series

    with pytest.raises(KeyError, match="no_such_metric"):
        series("no_such_metric")


def test_a_link_to_a_runbook_that_is_not_there_is_refused() -> None:
    pytest.importorskip("grafana_foundation_sdk")
    from live.dashboards.panels import lines, number

    with pytest.raises(KeyError, match="no-such-page"):
        number("Title", "Text.", "up", "none", runbook="no-such-page")
    with pytest.raises(KeyError, match="no-such-page"):
        lines("Title", "Text.", [], "none", runbook="no-such-page")
    (link,) = number("Title", "Text.", "up", "none", runbook="sidecar-failing").links or ()
    assert link.url is not None
    assert link.url.startswith("/d/lean-live-runbooks?viewPanel=")


def test_rows_must_fill_the_grid() -> None:
    pytest.importorskip("grafana_foundation_sdk")
    from live.dashboards.board import Board
    from live.dashboards.panels import number

    panel = number("Title", "Text.", "up", "none")
    with pytest.raises(ValueError, match="do not fill 24"):
        Board("uid", "Title", "Text").row(4, panel, widths=(23,))
