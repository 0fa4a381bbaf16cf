"""What the self-test's two sides, inside and outside the engine, know each other by."""

FACTS_VARIABLE = "LEAN_LIVE_SELF_TEST"
"""Environment variable with the path of the facts."""
MODE_VARIABLE = "LEAN_LIVE_SELF_TEST_MODE"
"""What a run is about: `facts` looks at everything, `raise` raises in on_data, `wait` waits for a signal."""
MUTED = "lean-live self-test: standard output"
HEARD = "lean-live self-test: standard error"
