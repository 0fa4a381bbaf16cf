from .breakout import Breakout

__all__ = ["Breakout"]
