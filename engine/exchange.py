"""JSON: the formulas of all models in Python syntax and LaTeX, with growth and numbers, for other programs to read.

`docs/json.md` says what every member is, `schema.json` says it for programs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from math import isfinite
from typing import Any

from .algebra.expression import Expr
from .algebra.substitution import Value
from .comparison import compare, contrast_of
from .contrast import Contrast
from .conventions import convention
from .derivation import Request, Verified, derive, symbols_of
from .derivation.layers import opened
from .derivation.shown import Shown
from .elaborator.variants import WORDS
from .exchange_document import document_data
from .notation import Symbols, to_latex, to_python, to_unicode
from .program import Dimension
from .quantities import Measures, Scan
from .quantities.causality import Causality
from .quantities.derived import Figure
from .results import Quantity, in_unicode, quantity_names, shown_of

VERSION = 1


def to_json(models: Sequence[Measures], request: Request, *, detailed: bool = False) -> str:
    """`{"version": 1, "models": […]}`; every formula is in the names of its file. If it is `detailed`, the documents
    that the other formats lay out are there too."""
    data: dict[str, Any] = {"version": VERSION, "models": [_model(measures, request) for measures in models]}
    contrast = contrast_of(models, request) if len(models) > 1 else None
    if contrast is not None:
        data["crossovers"] = _crossovers(contrast)
    if detailed:
        for model, measures in zip(data["models"], models, strict=True):
            model["document"] = document_data(derive(measures, request))
        if len(models) > 1:
            data["comparison"] = document_data(compare(models, request))
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _crossovers(contrast: Contrast) -> dict[str, Any]:
    """Which of each two models has fewer of a quantity, and where."""
    symbols = Symbols({name: latex for s in contrast.shown for name, latex in symbols_of(s.measures.program).items()})
    pairs = []
    for one, other in contrast.pairs:
        verdict = contrast.condition(one, other)
        bound = contrast.layout.formula(verdict.bound)
        depends = verdict.size is not None
        pairs.append(
            {
                "models": [contrast.labels[one], contrast.labels[other]],
                "fewer": verdict.outcome,
                "strict": verdict.strict,
                "size": to_python(contrast.layout.atom(verdict.size), symbols) if verdict.size is not None else None,
                "relation": (">" if verdict.above else "<") if depends else None,
                "bound": to_python(bound, symbols) if depends else None,
                "bound_latex": to_latex(bound, symbols) if depends else None,
            }
        )
    return {"quantity": contrast.name, "own_values": contrast.own, "pairs": pairs}


def _model(measures: Measures, request: Request) -> dict[str, Any]:
    program = measures.program
    shown = shown_of(measures, request.form, request.along)
    symbols = Symbols(symbols_of(program))
    names = quantity_names(measures, request.conventions)
    return {
        "name": program.name,
        "file": program.instance.span.source.name,
        "doc": program.instance.doc or None,
        "caveats": list(program.caveats),
        "dims": [_dimension(d, shown, symbols) for d in program.dimensions],
        "convention": list(request.conventions),
        "dtype": measures.dtype,
        "quantities": {name: _quantity(Quantity(name, shown), shown, symbols) for name in names},
        "bills": {name: _bill(name, shown, symbols) for name in request.conventions if convention(name).tool},
        "causality": _causality(measures.causality, shown),
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
    return {**asdict(verified), "copy": verified.copy or None, "uncovered": list(verified.uncovered), **sizes}


def _formula(expr: Expr, shown: Shown, symbols: Symbols) -> str:
    return to_python(shown.layout.formula(expr), symbols)


def _expanded(expr: Expr, shown: Shown, symbols: Symbols) -> str:
    """A formula that a program reads: multiplied out, for no reader waits for its shortest form."""
    return to_python(shown.plain.formula(expr), symbols)


def _dimension(dimension: Dimension, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    """A name of the file, as it is there and as the formulas have it."""
    formula = shown.layout.atom(dimension.symbol)
    return {
        "name": dimension.symbol.name,
        "symbol": to_python(formula, symbols),
        "latex": to_latex(formula, symbols),
        "unicode": to_unicode(formula, symbols),
        "kind": dimension.symbol.kind,
        "value": _number(dimension.value),
        "note": dimension.note or None,
        "fixed": dimension.fixed,
    }


def _quantity(quantity: Quantity, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    derived = quantity.derived
    return {
        "title": quantity.title,
        "unit": quantity.unit,
        "expr": quantity.python,
        "latex": quantity.latex,
        "unicode": quantity.unicode,
        "growth": quantity.growth_unicode,
        "growth_expr": quantity.growth_python,
        "growth_latex": quantity.growth_latex,
        "value": _number(quantity.value),
        "infinite": quantity.infinite,
        "upper_bound": quantity.upper_bound,
        "unknown": derived.unknown or None,
        "reason": in_unicode(derived.reason, shown) or None,
        "figures": [_figure(figure, shown, symbols) for figure in derived.figures],
    }


def _figure(figure: Figure, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    """A quantity along one axis, or between two sequences."""
    return {
        "of": in_unicode(figure.of, shown),
        "expr": None if figure.expr is None else _formula(figure.expr, shown, symbols),
        "value": None if figure.expr is None else _value(figure.expr, shown),
        "infinite": figure.expr is None,
    }


def _causality(found: Causality, shown: Shown) -> dict[str, Any]:
    """Whether no output position depends on a later input position; null where that is not known or not asked."""
    place = None if found.read is None else {"file": found.read.source.name, "line": found.read.line}
    return {
        "causal": found.causal,
        "verdict": found.verdict,
        "reason": in_unicode(found.reason, shown),
        "read": place,
    }


def _scan(scan: Scan, shown: Shown, symbols: Symbols) -> dict[str, Any]:
    """One recurrence; what its prefix scan costs is null or empty where none is derived."""

    def figure(expr: Expr | None) -> dict[str, Any] | None:
        if expr is None:
            return None
        latex = to_latex(shown.layout.formula(expr), symbols)
        return {"expr": _formula(expr, shown, symbols), "latex": latex, "value": _value(expr, shown)}

    combine = scan.combine
    file, _, line = scan.place.rpartition(":")
    return {
        "layer": scan.layer,
        "states": list(scan.states),
        "along": list(scan.along),
        "direction": scan.direction,
        "verdict": scan.verdict,
        "reason": scan.words or None,
        "equation": scan.equation or None,
        "place": {"file": file, "line": int(line)},
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
    """A whole number to its last digit, any other one rounded; None for one that is out of range."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None
