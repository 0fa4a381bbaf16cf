"""Panels of the dashboards, one function per form, so that equal things look equal on all of them."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from live.dashboards.model import common, dashboard, heatmap, prometheus, stat, statetimeline, table, text, time_series
from live.slo.runbooks import runbook_link

GOOD, WARNING, BAD, NEUTRAL = "green", "orange", "red", "text"

DATA_SOURCE = common.DataSourceRef(type_val="prometheus", uid="lean-live-prometheus")
"""The provisioned data source; its uid is also in grafana/provisioning."""


class Query(NamedTuple):
    """One query of a panel.

    Attributes:
        expression: PromQL.
        legend: name of its series; words in double braces are labels.
        has_bars: whether it is drawn as bars, over the lines.
        color: colour of its series; empty takes one of the palette.
        is_dashed: whether it is a limit, and drawn as such.
    """

    expression: str
    legend: str = ""
    has_bars: bool = False
    color: str = ""
    is_dashed: bool = False


class Step(NamedTuple):
    """From a value on, a colour; None is the lowest step."""

    value: float | None
    color: str


class State(NamedTuple):
    """What a number means."""

    text: str
    color: str


Panel = dashboard.Panel
NO_COLOR = (Step(None, NEUTRAL),)
_NO_DATA = State("no data", NEUTRAL)


def steps(*, warning: float | None = None, bad: float | None = None) -> tuple[Step, ...]:
    """Return the colours of a number that is good at first, worth a look from one value on, and bad from another."""
    found = (Step(None, GOOD), Step(warning, WARNING), Step(bad, BAD))
    return tuple(each for each in found if each.color == GOOD or each.value is not None)


def number(
    title: str,
    description: str,
    query: str,
    unit: str,
    *,
    colors: Sequence[Step] = NO_COLOR,
    states: Mapping[int, State] | None = None,
    absent: State = _NO_DATA,
    legend: str = "",
    decimals: int | None = None,
    has_graph: bool = False,
    runbook: str = "",
) -> Panel:
    """Return a panel with the newest value in large type.

    Parameters:
        title: its title.
        description: what it shows, and when it is good.
        query: PromQL.
        unit: Grafana's name of the unit.
        colors: colours by value.
        states: words by value.
        absent: what stands there when there is no value.
        legend: name of each series, when there may be several.
        decimals: digits after the point; None leaves it to Grafana.
        has_graph: whether the values of the shown time are drawn behind it; the query then runs over that time.
        runbook: name of the page of docs/runbooks that it leads to, empty for none.

    Raises:
        KeyError: there is no such page.
    """
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.AREA if has_graph else common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.VALUE
        if tuple(colors) == NO_COLOR and not states
        else common.BigValueColorMode.BACKGROUND,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME if legend else common.BigValueTextMode.VALUE,
        justify_mode=common.BigValueJustifyMode.CENTER,
        reduce_options=common.ReduceDataOptions(values=False, calcs=["lastNotNull"]),
        orientation=common.VizOrientation.AUTO,
    )
    defaults = _defaults(unit, colors, states, absent)
    defaults.decimals = decimals
    panel = _panel("stat", title, description, [Query(query, legend)], defaults, options, is_instant=not has_graph)
    return _with_runbook(panel, runbook)


def count(
    title: str,
    description: str,
    query: str,
    *,
    colors: Sequence[Step] = NO_COLOR,
    absent: State = _NO_DATA,
    runbook: str = "",
) -> Panel:
    """Return a panel with a whole number of things in large type; the parameters are those of `number`.

    Raises:
        KeyError: there is no such page.
    """
    return number(title, description, query, "short", colors=colors, absent=absent, decimals=0, runbook=runbook)


def lines(
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str,
    *,
    is_logarithmic: bool = False,
    is_stacked: bool = False,
    least: float | None = 0.0,
    calculations: Sequence[str] = ("lastNotNull", "max"),
    runbook: str = "",
) -> Panel:
    """Return a graph over time, with a legend that says the newest and the largest value.

    Parameters:
        title: its title.
        description: what it shows.
        queries: what is drawn.
        unit: Grafana's name of the unit.
        is_logarithmic: whether the axis is.
        is_stacked: whether series are put on one another.
        least: lower end of the axis, None where values may be negative. A logarithmic axis finds its own.
        calculations: columns of the legend.
        runbook: as for `number`.

    Raises:
        KeyError: there is no such page.
    """
    custom = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_width=1,
        fill_opacity=25 if is_stacked else 5,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,
        scale_distribution=common.ScaleDistributionConfig(
            type_val=common.ScaleDistribution.LOG if is_logarithmic else common.ScaleDistribution.LINEAR,
            log=10 if is_logarithmic else None,
        ),
        stacking=common.StackingConfig(mode=common.StackingMode.NORMAL if is_stacked else common.StackingMode.NONE),
    )
    options = time_series.Options(
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.TABLE,
            placement=common.LegendPlacement.BOTTOM,
            show_legend=True,
            calcs=list(calculations),
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING),
    )
    defaults = _defaults(unit, NO_COLOR, None, None)
    defaults.color = dashboard.FieldColor(mode=dashboard.FieldColorModeId.PALETTE_CLASSIC)
    defaults.min_val = None if is_logarithmic else least
    defaults.custom = custom
    return _with_runbook(_panel("timeseries", title, description, queries, defaults, options), runbook)


def timeline(
    title: str,
    description: str,
    queries: Sequence[Query],
    states: Mapping[int, State],
    *,
    absent: State | None = None,
    runbook: str = "",
) -> Panel:
    """Return a band over time for each series, coloured by its state.

    Parameters:
        title: its title.
        description: what it shows.
        queries: the series.
        states: words and colours by value.
        absent: what stands where there is no value; None leaves that empty.
        runbook: as for `number`.

    Raises:
        KeyError: there is no such page.
    """
    options = statetimeline.Options(
        show_value=common.VisibilityMode.AUTO,
        merge_values=True,
        row_height=0.8,
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=True
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE),
    )
    defaults = _defaults("none", NO_COLOR, states, absent)
    defaults.custom = statetimeline.FieldConfig(line_width=0, fill_opacity=80)
    return _with_runbook(_panel("state-timeline", title, description, queries, defaults, options), runbook)


def heat_map(title: str, description: str, query: str, unit: str) -> Panel:
    """Return a heat map of a histogram's buckets over time."""
    options = heatmap.Options(
        calculate=False,
        color=heatmap.HeatmapColorOptions(
            mode=heatmap.HeatmapColorMode.SCHEME,
            scheme="Oranges",
            scale=heatmap.HeatmapColorScale.EXPONENTIAL,
            exponent=0.5,
            steps=64,
            fill="dark-orange",
        ),
        y_axis=heatmap.YAxisConfig(unit=unit, axis_placement=common.AxisPlacement.LEFT),
        cell_gap=1,
        legend=heatmap.HeatmapLegend(show=True),
        tooltip=heatmap.HeatmapTooltip(mode=common.TooltipDisplayMode.SINGLE, y_histogram=True),
    )
    defaults = _defaults(unit, NO_COLOR, None, None)
    panel = _panel("heatmap", title, description, [Query(query, "{{le}}")], defaults, options)
    for target in panel.targets or ():
        assert isinstance(target, prometheus.Dataquery)
        target.format_val = prometheus.PromQueryFormat.HEATMAP
    return panel


class Column(NamedTuple):
    """A column of a table: its field, its head, and the unit of its values."""

    field: str
    head: str
    unit: str = "none"
    colors: Sequence[Step] = NO_COLOR


def rows(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Sequence[Column],
    *,
    sort_by: str,
    is_descending: bool = True,
) -> Panel:
    """Return a table of newest values. Rows of several queries with equal labels become one.

    Parameters:
        title: its title.
        description: what it shows.
        queries: what is asked; the value of the first is the field `Value #A`.
        columns: what is shown, in order; other fields are hidden.
        sort_by: head of the column by which it is sorted.
        is_descending: whether the largest comes first.
    """
    panel = _panel(
        "table",
        title,
        description,
        queries,
        _defaults("none", NO_COLOR, None, None),
        table.Options(
            show_header=True, sort_by=[common.TableSortByFieldState(display_name=sort_by, desc=is_descending)]
        ),
        is_instant=True,
    )
    for target in panel.targets or ():
        assert isinstance(target, prometheus.Dataquery)
        target.format_val = prometheus.PromQueryFormat.TABLE
    names = [column.field for column in columns]
    panel.transformations = [
        dashboard.DataTransformerConfig(id_val="merge", options={}),
        dashboard.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": names}}),
        dashboard.DataTransformerConfig(
            id_val="organize",
            options={
                "indexByName": {name: at for at, name in enumerate(names)},
                "renameByName": {column.field: column.head for column in columns},
            },
        ),
    ]
    assert panel.field_config is not None
    panel.field_config.overrides = [_column_override(column) for column in columns if column.unit != "none"]
    return panel


def page(title: str, description: str, markdown: str) -> Panel:
    """Return a panel with a text."""
    return dashboard.Panel(
        type_val="text",
        title=title,
        description=description,
        options=text.Options(mode=text.TextMode.MARKDOWN, content=markdown),
    )


def _with_runbook(panel: Panel, name: str) -> Panel:
    if name:
        url = runbook_link(name)
        kind = dashboard.DashboardLinkType.LINK
        panel.links = [dashboard.DashboardLink(title="Runbook", type_val=kind, url=url, target_blank=True, icon="doc")]
    return panel


def _column_override(column: Column) -> dashboard.DashboardFieldConfigSourceOverrides:
    properties = [dashboard.DynamicConfigValue("unit", column.unit)]
    if tuple(column.colors) != NO_COLOR:
        properties.append(dashboard.DynamicConfigValue("thresholds", _thresholds(column.colors)))
        properties.append(dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byName", column.head), properties=properties
    )


def _series_override(ref: str, query: Query) -> dashboard.DashboardFieldConfigSourceOverrides | None:
    properties = []
    if query.color:
        properties.append(dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": query.color}))
    if query.has_bars:
        properties.append(dashboard.DynamicConfigValue("custom.drawStyle", "bars"))
        properties.append(dashboard.DynamicConfigValue("custom.fillOpacity", 60))
    if query.is_dashed:
        properties.append(dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}))
        properties.append(dashboard.DynamicConfigValue("custom.fillOpacity", 0))
    if not properties:
        return None
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byFrameRefID", ref), properties=properties
    )


def _thresholds(colors: Sequence[Step]) -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig(
        mode=dashboard.ThresholdsMode.ABSOLUTE, steps=[dashboard.Threshold(step.value, step.color) for step in colors]
    )


def _defaults(
    unit: str, colors: Sequence[Step], states: Mapping[int, State] | None, absent: State | None
) -> dashboard.FieldConfig:
    mappings: list[dashboard.ValueMapping] = []
    if states:
        results = {
            str(value): dashboard.ValueMappingResult(text=state.text, color=state.color, index=at)
            for at, (value, state) in enumerate(states.items())
        }
        mappings.append(dashboard.ValueMap(results))
    if absent is not None:
        result = dashboard.ValueMappingResult(text=absent.text, color=absent.color, index=len(states or ()))
        options = dashboard.DashboardSpecialValueMapOptions(dashboard.SpecialValueMatch.NULL_AND_NAN, result)
        mappings.append(dashboard.SpecialValueMap(options))
    return dashboard.FieldConfig(
        unit=unit,
        thresholds=_thresholds(colors),
        mappings=mappings,
        color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
        no_value=None if absent is None else absent.text,
    )


def _panel(
    kind: str,
    title: str,
    description: str,
    queries: Sequence[Query],
    defaults: dashboard.FieldConfig,
    options: object,
    *,
    is_instant: bool = False,
) -> Panel:
    targets = []
    overrides = []
    for ref, query in zip(string.ascii_uppercase, queries, strict=False):
        targets.append(
            prometheus.Dataquery(
                datasource=DATA_SOURCE,
                expr=query.expression,
                legend_format=query.legend or None,
                instant=is_instant,
                range_val=not is_instant,
                ref_id=ref,
            )
        )
        override = _series_override(ref, query)
        if override is not None:
            overrides.append(override)
    return dashboard.Panel(
        type_val=kind,
        title=title,
        description=description,
        datasource=DATA_SOURCE,
        targets=list(targets),
        options=options,
        field_config=dashboard.FieldConfigSource(defaults=defaults, overrides=overrides),
    )
