"""What the self-test's two sides, inside and outside the engine, know each other by."""

FACTS_VARIABLE = "LEAN_LIVE_SELF_TEST"
"""Environment variable with the path of the facts."""
MODE_VARIABLE = "LEAN_LIVE_SELF_TEST_MODE"
"""What a run is about: `facts` looks at everything, `raise` raises in on_data, `wait` waits for a signal."""
LANE_MODE = "lane"
"""The attached run whose orders go through the lane."""
MUTED = "lean-live self-test: standard output"
HEARD = "lean-live self-test: standard error"
MISSING_MODULE = "lean_live_missing_module"
"""What the run that fails at its import imports."""
RAISED = "raised by the self-test"
"""What the run that fails in on_data raises."""
HELD_QUANTITY = 0.5
"""What the attached algorithm buys, below the limit of its risk gate."""
REFUSED_QUANTITY = 2_000
"""What it tries to buy, above the limit."""
LIMIT_QUANTITY = 1_000.0
"""The limit."""
ENTRY_CLASS = "Main"
"""The class of the generated module; its base is the probe, in another one, which LEAN must not run instead."""
