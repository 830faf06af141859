"""What an atom tells by itself, without facts: whether it is whole, positive, or at least not negative."""

from __future__ import annotations

from fractions import Fraction

from .atoms import Atom, Exponential, Extreme, Group, Log, Rational, Rounded, Summation, Symbol, raised, times
from .expression import ONE, Expr, from_atom


def integer_atom(atom: Atom) -> bool:
    match atom:
        case Symbol(kind=kind):
            return kind in ("dim", "count", "index")
        case Rounded():
            return True
        case Exponential(base=base):
            return base.integer() is not None or all(integer_atom(a) for a in base.atoms())
        case Extreme(arguments=arguments):
            return all(
                isinstance(c, int) and all(integer_atom(a) and isinstance(e, int) and e >= 0 for a, e in m)
                for argument in arguments
                for m, c in argument.terms.items()
            )
        case _:
            return False


def at_least_one(atom: Atom) -> Expr | None:
    """A power with a base of at least 1 and an exponent that is not negative, as 1 plus a slack."""
    if isinstance(atom, Exponential) and none_negative(atom.base - ONE) and none_negative(atom.exponent):
        return ONE + from_atom(Symbol(f"{atom.key}-1", "count"))
    return None


def positive_atom(atom: Atom) -> bool:
    """Is the atom positive whatever the sizes?"""
    match atom:
        case Symbol(kind=kind):
            return kind in ("dim", "ratio")
        case Exponential(base=base):
            return all(c > 0 and all(positive_atom(a) for a, _ in m) for m, c in base.terms.items())
        case Group(content=content):
            return all(c > 0 and all(positive_atom(a) for a, _ in m) for m, c in content.terms.items())
        case _:
            return False


def not_negative(atom: Atom) -> bool:
    """Is the atom at least 0 whatever the sizes?"""
    match atom:
        case Symbol(kind=kind):
            return kind in ("dim", "ratio", "count")
        case Exponential(base=base):
            return none_negative(base)
        case Log(argument=argument):
            return none_negative(argument - ONE)
        case Rounded(argument=argument) | Group(content=argument) | Summation(term=argument):
            return none_negative(argument)
        case Extreme(arguments=arguments):
            return all(map(none_negative, arguments))


def none_negative(expr: Expr) -> bool:
    return all(c >= 0 and all(not_negative(a) for a, _ in m) for m, c in expr.terms.items())


def covered(expr: Expr) -> bool | None:
    """Is each negative term, seen at once, at most a share of positive ones that are multiples of it? So `3ABC − 2A` is
    not negative, for sizes are at least 1, and need not be multiplied out with A = 1 + a. False: one has no multiple
    among them, and would stay. None: this does not tell."""
    atoms = expr.atoms()
    if any(isinstance(atom, Exponential) for atom in atoms) or not all(map(not_negative, atoms)):
        return None
    room = {m: Fraction(c) for m, c in expr.terms.items() if c > 0}
    enough = True
    for monomial, coefficient in expr.terms.items():
        if coefficient > 0:
            continue
        larger = [m for m in room if all(_at_least_one(atom, e) for atom, e in times(m, raised(monomial, -1)))]
        if not larger:
            return False
        short = Fraction(-coefficient)
        for other in larger:
            taken = min(short, room[other])
            room[other] -= taken
            short -= taken
        enough = enough and short == 0
    return enough or None


def _at_least_one(atom: Atom, exponent: Rational) -> bool:
    return exponent > 0 and isinstance(atom, Symbol) and atom.kind == "dim"
