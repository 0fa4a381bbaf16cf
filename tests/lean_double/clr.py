"""pythonnet's own module."""


def AddReference(name: str) -> None:  # noqa: N802
    """Load an assembly: nothing to do here."""
