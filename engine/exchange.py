"""JSON: the formulas of all models in Python syntax and LaTeX, with growth and numbers, for other programs to read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from .algebra.expression import Expr
from .algebra.substitution import Value
from .conventions import convention
from .derivation import Request, Verified, layout_of, symbols_of, values_of
from .derivation.layers import opened
from .derivation.shown import Shown
from .elaborator.variants import WORDS
from .notation import Symbols, to_latex, to_python, to_unicode
from .quantities import BY_NAME, Derived, Measures, Scan
from .quantities.causality import Causality
from .quantities.derived import Words

VERSION = 1


def to_json(models: Sequence[Measures], request: Request) -> str:
    """`{"version": 1, "models": […]}`; every formula is in the names of its file."""
    data = {"version": VERSION, "models": [_model(measures, request) for measures in models]}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _model(measures: Measures, request: Request) -> dict[str, Any]:
    program = measures.program
    shown = Shown(measures, layout_of(program, request.form), values_of(program))
    symbols = Symbols(symbols_of(program))
    names = [
        "params",
        "active",
        "buffers",
        *dict.fromkeys(["macs", "flops", "exact", *request.conventions]),
        "sequential",
        "path",
        "receptive",
        "bits",
        "bytes",
        *measures.defined,
    ]
    return {
        "name": program.name,
        "caveats": list(program.caveats),
        "dims": [
            {
                "name": d.symbol.name,
                "symbol": to_python(shown.layout.atom(d.symbol), symbols),
                "latex": to_latex(shown.layout.atom(d.symbol), symbols),
                "kind": d.symbol.kind,
                "value": _number(d.value),
                "note": d.note,
                "fixed": d.fixed,
            }
            for d in program.dimensions
        ],
        "convention": list(request.conventions),
        "quantities": {name: _quantity(name, shown.derived(name), shown, symbols) for name in names},
        "bills": {name: _bill(name, shown, symbols) for name in request.conventions if convention(name).tool},
        "causality": _causality(measures.causality, shown, symbols),
        "scans": [_scan(scan, shown, symbols) for scan in measures.scans],
        "operations": {
            kind: _expanded(count, shown, symbols)
            for kind, count in sorted(measures.totals.operations.items())
            if count
        },
        "layers": [
            {
                "name": instance.name,
                "options": dict(instance.options),
                "places": places,
                "params": _expanded(measures.counter.instance(instance).params, shown, symbols),
                "macs": _expanded(measures.counter.instance(instance).billed({"mac": 1}), shown, symbols),
            }
            for instance, places in opened(program.instance)
        ],
        "assumptions": [
            " ".join(
                (
                    _formula(a.left, shown, symbols),
                    WORDS[a.kind],
                    _formula(a.right, shown, symbols),
                )
            )
            for a in program.assumptions
        ],
        "verified": _verified(request.verified.get(program)),
    }


def _bill(name: str, shown: Shown, symbols: Symbols) -> list[dict[str, Any]]:
    """What a tool bills, a row for each layer and rule."""
    return [
        {
            "layer": layer,
            "operator": rule.operator or layer,
            "expr": _formula(count, shown, symbols),
            "value": _value(count, shown),
            "because": rule.because or None,
            "fault": rule.fault,
        }
        for (layer, rule), count in shown.measures.biller(name).bill.items()
        if rule is not None
    ]


def _verified(verified: Verified | None) -> dict[str, Any] | None:
    """What running the model found; null where it was not run."""
    if verified is None:
        return None
    sizes = {name: [{n: _number(v) for n, v in at} for at in getattr(verified, name)] for name in ("sizes", "followed")}
    return {**asdict(verified), "uncovered": list(verified.uncovered), **sizes}


def _formula(expr: Expr, shown: Shown, symbols: Symbols) -> str:
    return to_python(shown.layout.formula(expr), symbols)


def _expanded(expr: Expr, shown: Shown, symbols: Symbols) -> str:
    """A formula that a program reads: multiplied out, for no reader waits for its shortest form."""
    return to_python(shown.plain.formula(expr), symbols)


def _quantity(name: str, derived: Derived, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    unit = BY_NAME[name].unit if name in BY_NAME else "operations"
    common: dict[str, Any] = {"unit": unit, "reason": _words(derived.reason, shown, symbols) or None}
    if derived.figures:
        common["figures"] = [
            {
                "of": _words(figure.of, shown, symbols),
                "expr": None if figure.expr is None else _formula(figure.expr, shown, symbols),
                "value": None if figure.expr is None else _value(figure.expr, shown),
                "infinite": figure.expr is None,
            }
            for figure in derived.figures
        ]
    if derived.expr is None:
        return {
            "expr": None,
            "latex": r"\infty" if derived.infinite else None,
            "growth": None,
            "value": derived.number,
            "infinite": derived.infinite,
            "unknown": derived.unknown or None,
            **common,
        }
    grown = shown.grown(derived)
    return {
        "expr": _formula(derived.expr, shown, symbols),
        "latex": to_latex(shown.layout.formula(derived.expr), symbols),
        "growth": None if isinstance(grown, str) else to_unicode(grown, symbols),  # type: ignore[arg-type]
        "value": _number(shown.cut_off(derived)),
        "infinite": False,
        "upper_bound": derived.bound,
        **common,
    }


def _causality(found: Causality, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    """Whether no output position depends on a later input position; null where that is not known or not asked."""
    place = None if found.read is None else {"file": found.read.source.name, "line": found.read.line}
    return {
        "causal": found.causal,
        "verdict": found.verdict,
        "reason": _words(found.reason, shown, symbols),
        "read": place,
    }


def _words(reason: Words, shown: Shown, symbols: Symbols) -> str:
    return "".join(
        part if isinstance(part, str) else to_unicode(shown.layout.formula(part), symbols) for part in reason
    )


def _scan(scan: Scan, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    """One recurrence; what its prefix scan costs is null or empty where none is derived."""

    def figure(expr: Expr | None) -> dict[str, Any] | None:
        if expr is None:
            return None
        latex = to_latex(shown.layout.formula(expr), symbols)
        return {"expr": _formula(expr, shown, symbols), "latex": latex, "value": _value(expr, shown)}

    combine = scan.combine
    return {
        "layer": scan.layer,
        "states": list(scan.states),
        "along": list(scan.along),
        "direction": scan.direction,
        "verdict": scan.verdict,
        "reason": scan.words or None,
        "equation": scan.equation or None,
        "place": scan.place,
        "steps": figure(scan.steps),
        "mixed": figure(combine.mixed if combine else None),
        "depth": figure(scan.depth),
        "combines": figure(scan.combines),
        "combine": {kind: figure(count) for kind, count in combine.operations} if combine else {},
        "work": {kind: figure(count) for kind, count in scan.work.items()},
    }


def _value(expr: Expr, shown: Shown) -> int | float | None:
    return _number(shown.number(expr))


def _number(value: Value | None) -> int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    return value.numerator if Fraction(value).denominator == 1 else float(value)
