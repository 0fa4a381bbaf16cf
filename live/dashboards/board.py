"""A dashboard: rows of panels on Grafana's grid, the variables, the links and the annotations that all of them have."""

from __future__ import annotations

import json
from collections.abc import Sequence

from live.dashboards.model import JSONEncoder, dashboard, prometheus
from live.dashboards.panels import BAD, DATA_SOURCE, WARNING, Panel
from live.dashboards.queries import series
from live.hot.catalogue import FeedPhase, RunPhase

COLUMNS = 24
"""Columns of Grafana's grid."""

TAG = "lean-live"
_REFRESH = "5s"
_SHOWN = "now-1h"


class Board:
    """A dashboard that is being put together.

    Parameters:
        uid: its address in Grafana, which never changes.
        title: its title.
        description: the question that it answers.
        variables: further variables, after algorithm and run.
        has_run: whether it shows runs, of which one can be chosen.
    """

    def __init__(
        self,
        uid: str,
        title: str,
        description: str,
        variables: Sequence[dashboard.VariableModel] = (),
        has_run: bool = True,
    ) -> None:
        self.uid = uid
        self._title = title
        self._description = description
        self._has_run = has_run
        self._variables = [*(_chosen_run() if has_run else ()), *variables]
        self._panels: list[dashboard.Panel | dashboard.RowPanel] = []
        self._next_y = 0

    def heading(self, title: str) -> None:
        """Begin a group of rows."""
        place = dashboard.GridPos(h=1, w=COLUMNS, x=0, y=self._next_y)
        self._panels.append(dashboard.RowPanel(title=title, id_val=len(self._panels) + 1, grid_pos=place, panels=[]))
        self._next_y += 1

    def row(self, height: int, *panels: Panel, widths: Sequence[int] | None = None) -> None:
        """Put panels beside each other.

        Parameters:
            height: in units of the grid, about 30 pixels each.
            panels: from the left.
            widths: columns of each; None shares them out evenly.

        Raises:
            ValueError: they do not fill the grid's columns.
        """
        columns = [COLUMNS // len(panels)] * len(panels) if widths is None else widths
        if sum(columns) != COLUMNS or len(columns) != len(panels):
            raise ValueError(f"{self._title}: {len(panels)} panels of {columns} columns do not fill {COLUMNS}")
        at = 0
        for panel, width in zip(panels, columns, strict=True):
            panel.id_val = len(self._panels) + 1
            panel.grid_pos = dashboard.GridPos(h=height, w=width, x=at, y=self._next_y)
            self._panels.append(panel)
            at += width
        self._next_y += height

    def to_json(self) -> str:
        """Return the file that Grafana provisions."""
        content = dashboard.Dashboard(
            uid=self.uid,
            title=self._title,
            description=self._description,
            tags=[TAG],
            timezone="browser",
            editable=False,
            graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
            time=dashboard.DashboardDashboardTime(from_val=_SHOWN, to="now"),
            refresh=_REFRESH,
            version=1,
            panels=self._panels,
            templating=dashboard.DashboardDashboardTemplating(list_val=self._variables),
            annotations=dashboard.AnnotationContainer(list_val=_annotations() if self._has_run else []),
            links=[_others()],
        )
        return json.dumps(content, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"


def variable(name: str, label: str, description: str, query: str) -> dashboard.VariableModel:
    """Return a variable whose values are those of a label; all of them are chosen at first.

    Parameters:
        name: its name, without the dollar sign.
        label: what is written before it.
        description: what choosing does.
        query: Grafana's query of the values.
    """
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        description=description,
        query={"query": query, "refId": name},
        definition=query,
        datasource=DATA_SOURCE,
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=dashboard.VariableSort.ALPHABETICAL_DESC,
        include_all=True,
        all_value=".*",
        current=dashboard.VariableOption(selected=True, text="All", value="$__all"),
    )


def _chosen_run() -> list[dashboard.VariableModel]:
    known = "lean_live_run_phase"
    return [
        variable("algorithm", "Algorithm", "Class of the algorithm.", f"label_values({known}, algorithm)"),
        variable(
            "run",
            "Run",
            "Name of the run's folder; its end is the time of its start.",
            f'label_values({known}{{algorithm=~"$algorithm"}}, run)',
        ),
    ]


def _annotations() -> list[dashboard.AnnotationQuery]:
    phase = series("run_phase")
    begun = f"({phase} == {RunPhase.RUNNING}) unless (({phase} offset 1m) == {RunPhase.RUNNING})"
    paused = f"({phase} == {RunPhase.PAUSED}) or ({series('feed_phase')} == {FeedPhase.PAUSED})"
    return [
        _annotation("Run starts", begun, "blue", "{{run}} starts"),
        _annotation("Pauses", paused, WARNING, "{{run}} is paused"),
        _annotation("Alerts", 'ALERTS{alertstate="firing", algorithm=~"$algorithm|"}', BAD, "{{alertname}}"),
    ]


def _annotation(name: str, expression: str, color: str, title: str) -> dashboard.AnnotationQuery:
    return dashboard.AnnotationQuery(
        name=name,
        datasource=DATA_SOURCE,
        enable=True,
        icon_color=color,
        expr=expression,
        step="15s",
        title_format=title,
        target=prometheus.Dataquery(expr=expression, ref_id="Anno", datasource=DATA_SOURCE),
    )


def _others() -> dashboard.DashboardLink:
    """Return the links to the other dashboards, with what is chosen on this one."""
    return dashboard.DashboardLink(
        title="Dashboards",
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        tags=[TAG],
        include_vars=True,
        keep_time=True,
    )
