"""What `import clr` gives: algorithms of an older style name the .NET assemblies that they use. Nothing is loaded here."""


def AddReference(name: str) -> None:  # noqa: N802 - pythonnet's spelling
    """Accept the name of an assembly."""


add_reference = AddReference
