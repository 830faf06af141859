"""Scalar operations as numbers: what each gives, and as what it is counted."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..scalars import COMPARISONS, Scalar, Size

COMBINING = {"sum": "add", "mean": "add", "max": "max", "min": "max", "prod": "multiply"}
CONSTANTS = {"pi": math.pi, "inf": math.inf}


def billed_as(kind: str, operands: tuple[Scalar, ...]) -> tuple[str, int]:
    """The kind that an operation is counted as, and how many of it there are."""
    match kind:
        case "negate" | "and" | "or" | "not":
            return kind, 0
        case "max" | "min":
            return "max", len(operands) - 1
        case "log2":
            return "log", 1
        case "power":
            exponent = operands[1].value.integer() if isinstance(operands[1], Size) else None
            return ("multiply" if exponent == 2 else "power"), (0 if exponent == 1 else 1)
        case _ if kind in COMPARISONS:
            return "compare", 1
        case "subtract":
            return "add", 1
        case _:
            return kind, 1


def combined(kind: str, values: list[float]) -> float:
    """The result of a reduction over these terms."""
    match kind:
        case "sum":
            return sum(values)
        case "mean":
            return divided(sum(values), len(values))
        case "prod":
            return math.prod(values)
        case "max":
            return max(values, default=-math.inf)
        case "min":
            return min(values, default=math.inf)
        case _:
            raise AssertionError(kind)


def divided(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1.0, right)


def as_place(value: float) -> int:
    """A position that data names; what is no number names none."""
    return math.floor(value) if math.isfinite(value) else -1


def _guarded(apply: Callable[..., float]) -> Callable[..., float]:
    """A function that has no value somewhere is not a number there, and one that leaves the range is infinite."""

    def guarded(*values: float) -> float:
        try:
            return apply(*values)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf
        except ZeroDivisionError:
            return math.nan

    return guarded


def _power(base: float, exponent: float) -> float:
    value = base**exponent
    return math.nan if isinstance(value, complex) else float(value)


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _log(value: float, base: float | None = None) -> float:
    if value == 0:
        return -math.inf
    return math.log(value) if base is None else math.log(value) / math.log(base)


_PLAIN: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": divided,
    "negate": lambda a: -a,
    "power": _power,
    "exp": math.exp,
    "log": _log,
    "log2": lambda a: _log(a) / math.log(2),
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "abs": math.fabs,
    "floor": lambda a: float(math.floor(a)),
    "ceil": lambda a: float(math.ceil(a)),
    "mod": lambda a, b: a % b,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "not": lambda a: not a,
}
FUNCTIONS = {kind: _guarded(apply) for kind, apply in _PLAIN.items()}
