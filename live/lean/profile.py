"""The low-latency profile: what the runtime sets in LEAN and around it, with the effect that was measured.

Figures are microseconds, from one machine with two cores that others used too, from a tick to the decision unless said
otherwise: what counts is the ratio of the two. `lean-live bench --engine lean` measures them anew where it runs.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

from live.config import LeanSettings
from live.errors import UsageError

PROFILE_NAME = "low-latency"


class Place(Enum):
    """Where a setting takes effect."""

    ENVIRONMENT = "environment of the engine's process; .NET reads it once, at its start"
    CONFIG = "config.json of the engine"
    HOST = "table [lean] of live.toml"


class ProfileSetting(NamedTuple):
    """One setting of the profile.

    Attributes:
        name: what to call it in comparisons.
        place: where it takes effect.
        key: name of the variable or key there.
        value: what the profile sets.
        stock: what LEAN does without it.
        effect: what it does, with the measured figures.
    """

    name: str
    place: Place
    key: str
    value: str | int | float | bool
    stock: str
    effect: str


def low_latency(settings: LeanSettings) -> tuple[ProfileSetting, ...]:
    """Return the settings of the profile, those of the host with the values that a run asks for.

    Parameters:
        settings: table `[lean]`.
    """
    return (*_ENGINE, *_host(settings))


_ENGINE = (
    ProfileSetting(
        "no-tiered-compilation",
        Place.ENVIRONMENT,
        "DOTNET_TieredCompilation",
        "0",
        "methods are compiled a second time while they are in use",
        "no recompilation in the session: with workstation-gc, p99.9 fell from 30,000-38,000 to 600-2,000, "
        "p99 from 780-1,250 to 180-360 with ticks every millisecond; the start takes longer",
    ),
    ProfileSetting(
        "workstation-gc",
        Place.ENVIRONMENT,
        "DOTNET_gcServer",
        "0",
        "as the launcher's runtimeconfig.json says",
        "one heap and no collector thread per core; measured together with no-tiered-compilation",
    ),
    ProfileSetting(
        "quiet-log",
        Place.CONFIG,
        "log-handler",
        "QuantConnect.Logging.ConsoleErrorLogHandler",
        "three flushed lines per order, in a file and on the console",
        "an order call takes 353-388 instead of 385-508; LEAN then writes no log.txt, errors go to the console",
    ),
    ProfileSetting(
        "no-batching",
        Place.CONFIG,
        "consumer-batching-timeout-ms",
        0,
        "0 too, unless the configuration says otherwise: the engine's steps without data come later by it",
        "no step waits; a tick wakes LEAN 2.5 at once with any value, so nothing was measured",
    ),
)


def _host(settings: LeanSettings) -> tuple[ProfileSetting, ...]:
    return (
        ProfileSetting(
            "frozen-gc",
            Place.HOST,
            "idle_collect_milliseconds",
            settings.idle_collect_milliseconds,
            "Python collects whenever it has counted enough new objects",
            "what is there at the start is kept out of the collector, and it runs in idle moments only",
        ),
        ProfileSetting(
            "switch-interval",
            Place.HOST,
            "switch_interval_milliseconds",
            settings.switch_interval_milliseconds,
            "5 milliseconds",
            "0.2 milliseconds halve the p99 beside a busy Python thread (5,200) and make p50 four times worse: leave it "
            "at 5 and keep other Python threads out of the process",
        ),
        ProfileSetting(
            "keep-warm",
            Place.HOST,
            "keep_warm_milliseconds",
            settings.keep_warm_milliseconds,
            "the way of a tick grows cold between ticks",
            "with ticks every 200 milliseconds 87 p50 and 224 p99 instead of 410 and 1,728",
        ),
        ProfileSetting(
            "order-mode",
            Place.HOST,
            "mode",
            settings.mode,
            "inline",
            "with `lane` on_data is free after 38 instead of 210-490; from tick to submitted it is the same within noise "
            "when warm (439-602 against 408-638)",
        ),
        ProfileSetting(
            "pinning",
            Place.HOST,
            "loop_core",
            settings.loop_core,
            "all threads on all cores",
            "on two cores an order call took 215-230 instead of 450 at p50, while p99 of ticks may rise when the feeder "
            "shares the other core: measure per machine",
        ),
        ProfileSetting(
            "results-in-memory",
            Place.HOST,
            "results_in_memory",
            settings.results_in_memory,
            "LEAN writes its result files and its log to the disk of the results folder",
            "no write of LEAN's waits for a disk, and all is lost when the machine stops: measure per machine",
        ),
    )


LEFT_OUT = (
    ("GCLatencyMode.SustainedLowLatency", "no visible gain"),
    ("DOTNET_GCgen0size, large", "one pause of 190 milliseconds when the memory is first touched"),
    (
        "minimum-transaction-threads, maximum-transaction-threads",
        "2 to 10 threads of LEAN's process orders, more only while several wait: not measured",
    ),
    (
        "samples of equity and charts",
        "in a live run LEAN takes them every two seconds, on the loop thread after a slice, and has no key for it",
    ),
)
"""What is not part of the profile, and why."""


def environment_variables(settings: LeanSettings, without: Collection[str] = ()) -> dict[str, str]:
    """Return the environment variables of the profile.

    Parameters:
        settings: table `[lean]`.
        without: names of settings to leave at LEAN's own.

    Raises:
        UsageError: a name is unknown.
    """
    return {each.key: str(each.value) for each in _chosen(settings, without) if each.place is Place.ENVIRONMENT}


def config_keys(settings: LeanSettings, without: Collection[str] = ()) -> dict[str, str | int | float | bool]:
    """Return the keys of config.json of the profile; parameters and errors as for `environment_variables`."""
    return {each.key: each.value for each in _chosen(settings, without) if each.place is Place.CONFIG}


def _chosen(settings: LeanSettings, without: Collection[str]) -> list[ProfileSetting]:
    every = low_latency(settings)
    unknown = sorted(set(without) - {each.name for each in every})
    if unknown:
        known = ", ".join(each.name for each in every)
        raise UsageError(f"the profile has no setting {unknown[0]}; it has {known}")
    return [each for each in every if each.name not in without]
