"""What the entry module calls: reads the settings, makes the host, loads the user's file, and returns the class to run.

All of this happens while LEAN imports the algorithm's module, on its loop thread, before the data feed is built. What is
wrong is raised, and LEAN reports it as an error of the algorithm's module.
"""

from __future__ import annotations

from pathlib import Path

from live.hot.catalogue import RunPhase
from live.hot.events import DenialRecord
from live.lean import surface
from live.lean.failure import clear_failures, failure_at_import, write_failure
from live.lean.feeder import Feeder
from live.lean.host import Host
from live.lean.instructions import Instructions, read_instructions
from live.lean.instrument import instrumented
from live.lean.loading import load_class
from live.lean.orders.path import LeanOrders
from live.lean.orders.refusals import Denial
from live.lean.page import LeanPage
from live.lean.pinning import PinPlan, plan_of
from live.lean.stages import OrderStages
from live.lean.warm.keep_warm import KeepWarm


def attach() -> type:
    """Return the instrumented class of the algorithm that the settings name.

    Raises:
        ConfigError: there are no settings, or they cannot be read.
        EnvironmentFault: this machine cannot keep the plan for threads, or there is no room for the page.
        AlgorithmError: the user's file holds no algorithm, or more than one to choose from.
    """
    return attach_to(read_instructions())[0]


def attach_to(instructions: Instructions) -> tuple[type, Host]:
    """Return the instrumented class, and its host.

    Parameters:
        instructions: what the host is to do.

    Raises:
        LeanLiveError: as for `attach`; also for a dummy symbol that is none.
    """
    run_folder, file = Path(instructions.run_folder), Path(instructions.algorithm)
    clear_failures(run_folder)
    try:
        plan = plan_of(instructions.lean, instructions.settings_file)
        page = LeanPage(run_folder, instructions.telemetry)
    except BaseException as error:
        # There is no page yet that could tell.
        write_failure(failure_at_import(error, file), run_folder)
        raise
    try:
        host = _make_host(instructions, page, plan)
    except BaseException as error:
        failure = failure_at_import(error, file)
        write_failure(failure, run_folder)
        page.finish(RunPhase.FAILED, failure.message)
        raise
    try:
        # The user's file takes its base class from there when it is loaded.
        surface.stand_in_for_algorithm(host.orders.gated_class(surface.algorithm_class()))
        cls, warnings = load_class(file, instructions.class_name)
        host.orders.look_at_source()
        host.take_class(cls, warnings)
        return instrumented(cls, host), host
    except BaseException as error:
        host.fail(failure_at_import(error, file))
        raise


def _make_host(instructions: Instructions, page: LeanPage, plan: PinPlan | None) -> Host:
    settings_file = instructions.settings_file
    stages = OrderStages()
    orders = _order_path(instructions, page, stages)
    host = Host(instructions, page, stages, orders, plan)
    host.keep_warm = keep_warm = KeepWarm(
        instructions.lean,
        host.watch,
        host.attendant,
        orders.sender,
        page,
        host.housekeeping.rest,
        host.rehearsed,
        settings_file,
    )
    if instructions.feeder is not None:
        host.parts.append(
            Feeder(
                surface.silence_data_queue(),
                instructions.feeder,
                keep_warm.is_dummy,
                lambda: page.phase in (RunPhase.READY, RunPhase.RUNNING),
                host.watch,
            )
        )
    host.parts.append(keep_warm)
    return host


def _order_path(instructions: Instructions, page: LeanPage, stages: OrderStages) -> LeanOrders:
    """Return the order path that the settings ask for."""

    def tell(denial: Denial) -> None:
        page.denial(DenialRecord(denial.time_ns, denial.code, denial.ticker, denial.quantity))

    return LeanOrders(
        instructions.lean,
        instructions.risk,
        page.control,
        tell,
        stages,
        Path(instructions.state_folder or instructions.run_folder),
        Path(instructions.algorithm),
        instructions.settings_file,
    )
