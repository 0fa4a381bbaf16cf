"""What is wrong when an algorithm's file cannot be imported: one line with file, line and remedy, the same in both engines."""

from __future__ import annotations

from pathlib import Path

from live.errors import AlgorithmError


def import_error(error: BaseException, file: Path) -> AlgorithmError:
    """Return an error of the code that runs on import as one of ours.

    Parameters:
        error: what was raised.
        file: the algorithm's file.
    """
    if isinstance(error, ModuleNotFoundError):
        return AlgorithmError(_missing_text(error, file))
    if isinstance(error, ImportError) and "relative import" in str(error):
        return AlgorithmError(
            f"{_place(error, file)}: a relative import; the file is no part of a package, in LEAN neither: "
            "write `import name` for a module beside it"
        )
    if isinstance(error, SyntaxError):
        return AlgorithmError(f"{error.filename} line {error.lineno}: {error.msg}")
    return AlgorithmError(
        f"{_place(error, file)}: {type(error).__name__}: {error}; correct the code that runs on import"
    )


def _missing_text(error: ModuleNotFoundError, file: Path) -> str:
    name = error.name or "a module"
    root = name.partition(".")[0]
    return (
        f"{_place(error, file)}: module {name!r} is not there; "
        f"put {root}.py beside {file.name}, install it (pip install {root}), or remove the import"
    )


def _place(error: BaseException, file: Path) -> str:
    """Return "file line N" of the innermost code in the user's folder that an error went through."""
    place = f"{file}"
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == str(file) or Path(name).parent == file.parent:
            place = f"{name} line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
