"""The names of AlgorithmImports for test modules: `from live.testing.lean import *`.

Strategy files go on with `from AlgorithmImports import *`, which is importable only while a session runs them.
"""

from live.paper.imports.AlgorithmImports import *  # noqa: F403 - what strategy files write, too
