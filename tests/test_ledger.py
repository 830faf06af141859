"""Cost lists of a derivation: what one turn has, its turns together, what stands outside; every sum is that of the
lines above it.

Expected lines are counted by hand: a linear layer D → D has D² + D weights and N · D² multiply-adds on N positions, a
layer norm has 2D weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import takewhile
from math import ceil, floor, prod

import pytest
from archderive import formula as f
from archderive.algebra.substitution import evaluate
from archderive.derivation import Request, derive, values_of
from archderive.document import Code, Document, Heading, Paragraph, Step, Steps, Strong, Table, Text
from archderive.notation import Symbols, to_unicode
from archderive.notation.symbols import LOOK
from archderive.parser import read_source
from archderive.session import open_path, open_source

INSIDE_AND_OUTSIDE = """
dim N = 64 "tokens", D = 32 "width", L = 6 "layers"

model m(x[N, D]):
    repeat L:
        x = x + (x -> layernorm -> linear(D))
    return x -> layernorm -> linear(D)
"""
NESTED = """
dim N = 8, D = 4, L = 3, M = 2, E = 4, k = 2

model nest(x[N, D]):
    share f = linear(D)
    x = x -> f -> relu
    repeat L:
        x = x -> f
        repeat M:
            x = x -> linear(D)
            x = x -> linear(2*D) -> linear(D)
        x = x -> layernorm
    choose k of E as e:
        y = x -> linear(D)
    repeat 1:
        y = y -> linear(D)
    z = y + x
    z[n, d] = z[n, d] * 2
    return z -> linear(D)
"""


def document(text: str, **asked: object) -> Document:
    (measures,) = open_source(read_source("<text>", text.encode())).measures().values()
    return derive(measures, Request(**asked))  # type: ignore[arg-type]


def words(text: Text) -> str:
    return "".join(
        run if isinstance(run, str) else run.text if isinstance(run, Code | Strong) else shown(run) for run in text
    )


def shown(formula: f.Formula) -> str:
    return to_unicode(formula, Symbols())


def lists(found: Document, quantity: str, *, of: str = "") -> list[str]:
    """The lines of the cost lists of a quantity, with what is said before each list; those of the layer `of`, or of
    the model's own lines."""
    lines: list[str] = []
    here, said = False, ""
    for block in found.blocks:
        if isinstance(block, Heading):
            here, said = block.anchor == (of or "own"), ""
        elif isinstance(block, Paragraph):
            said = words(block.text)
        elif isinstance(block, Steps) and here and f"{quantity}(" in shown(block.steps[0].left or f.integer(0)):
            lines += [said] * bool(said)
            lines += [
                f"{shown(s.left) if s.left is not None else ''} {s.relation} {shown(s.right)}" for s in block.steps
            ]
            said = ""
    return lines


def total(found: Document, number: int = 0) -> list[str]:
    """The lines of the totals of a document, the parameters' first."""
    start = next(n for n, b in enumerate(found.blocks) if isinstance(b, Heading) and b.anchor == "total")
    (steps, *_) = [b for b in found.blocks[start:] if isinstance(b, Steps)][number:]
    return [f"{shown(s.left) if s.left is not None else ''} {s.relation} {shown(s.right)}" for s in steps.steps]


def test_lines_inside_and_outside_of_a_repeat_stand_apart() -> None:
    found = document(INSIDE_AND_OUTSIDE)
    assert lists(found, "params") == [
        "Parameters of one turn of the repeat:",
        "params(layernorm) = 2D",
        "params(linear) = D² + D",
        "params(turn) = D² + 3D",
        "Σ_{i=0..L−1} params(turn) = DL(D+3)",
        "Parameters outside the repeat:",
        "params(layernorm₂) = 2D",
        "params(linear₂) = D² + D",
    ]
    assert lists(found, "macs") == [
        "Multiply-adds of one turn of the repeat:",
        "macs(linear) = ND²",
        "macs(turn) = ND²",
        "Σ_{i=0..L−1} macs(turn) = ND²L",
        "Multiply-adds outside the repeat:",
        "macs(linear₂) = ND²",
    ]


def test_a_total_is_the_sum_of_the_lines_that_stand_by_themselves() -> None:
    """6 · (32² + 3 · 32) + 2 · 32 + 32² + 32 = 7840 weights, 7 · 64 · 32² = 458,752 multiply-adds."""
    found = document(INSIDE_AND_OUTSIDE)
    assert total(found) == [
        "params(m) = Σ_{i=0..L−1} params(turn) + params(layernorm₂) + params(linear₂)",
        " = DL(D+3) + 2D + D² + D",
        " = D(D+3)(L+1)",
        " = 7,840",
    ]
    assert total(found, 1) == [
        "macs(m) = Σ_{i=0..L−1} macs(turn) + macs(linear₂)",
        " = ND²L + ND²",
        " = ND²(L+1)",
        " = 458,752",
    ]


def test_repeats_in_repeats_choices_and_shared_weights() -> None:
    """A turn of the inner repeat: D² + D, 2D² + 2D, 2D² + D. The shared set is no line of the turn that uses it."""
    found = document(NESTED)
    assert [line for line in lists(found, "params") if line.endswith(":") or "params(turn" in line.split("=")[0]] == [
        "Parameters of turn₂, one of M turns:",
        "params(turn₂) = 5D² + 4D",
        "Parameters of turn₁, one of L turns:",
        "params(turn₁) = Σ_{j=0..M−1} params(turn₂) + params(layernorm)",
        "Parameters of body₃, one of E bodies:",
        "Parameters of turn₄, which is run once:",
        "params(turn₄) = D² + D",
        "Parameters outside these:",
    ]
    told = [words(b.text) for b in found.blocks if isinstance(b, Paragraph)]
    assert "Repeated L times (turn₁):" in told and "Run once (turn₄):" in told
    inner = told.index("Repeated M times (turn₂, in turn₁):")
    assert told[inner + 1] == "After that, in turn₁:"
    assert total(found)[0] == (
        "params(nest) = Σ_{i=0..L−1} params(turn₁) + Σ_{e=0..E−1} params(body₃) + params(turn₄) + params(f) "
        "+ params(linear⁽⁸⁾)"
    )


def test_what_is_added_over_the_chosen_is_a_line_of_its_own() -> None:
    """Of k = 2 bodies, every one of N · D elements takes k − 1 additions; two equations of z are one line."""
    lines = lists(document(NESTED, conventions=("exact",)), "exact")
    assert "exact(chosen₃) = 2ND²k" in lines and "exact(y) = ND(k−1)" in lines
    place = lines.index("exact(z) = N·D = ND")
    assert lines[place + 1] == " + N·D = ND"


def test_a_layer_with_a_repeat_says_what_it_costs() -> None:
    text = (
        "dim N, D, L\nlayer stack(x[N, D]):\n    repeat L:\n        x = x -> linear(D)\n    return x -> linear(D)\n\n"
        "model m(x[N, D]):\n    return x -> stack -> stack\n"
    )
    assert lists(document(text), "params", of="stack")[-3:] == [
        "params(linear⁽²⁾) = D² + D",
        "params(stack) = Σ_{i=0..L−1} params(turn) + params(linear⁽²⁾)",
        " = D(D+1)(L+1)",
    ]


GATED = """
dim T = 8 "tokens", D = 4 "width", E = 6, L = 2 "layers"

layer gau(x[N, D]; E):
    local = x -> linear(E)
    remote = x -> linear(E)
    w = local * (local + remote)
    return x + (w -> linear(D))

model flash(x[T, D]):
    repeat L:
        x = x -> gau(E) -> gau(2*E)
    x = x -> gau(E)
    return x
"""


def test_no_two_lines_of_one_left_side_say_different_things() -> None:
    found = document(GATED)
    assert lists(found, "params") == [
        "Parameters of one turn of the repeat:",
        "params(gau⁽¹⁾) = 3DE + D + 2E",
        "params(gau⁽²⁾) = 6DE + D + 4E",
        "params(turn) = 9DE + 2D + 6E",
        "Σ_{i=0..L−1} params(turn) = 9DEL + 2DL + 6EL",
        "Parameters outside the repeat:",
        "params(gau⁽³⁾) = 3DE + D + 2E",
    ]


def test_costs_of_alike_applications_are_called_by_their_numbers() -> None:
    """Four maps of D · D + D and three kernels of 3 · D · D + D, whose results all have the names a and b."""
    found = document(
        "dim N = 64, D = 32\nmodel m(x[N, D]):\n    a = x -> linear(D)\n    for i in 1..3:\n"
        "        b = a -> conv1d(D)\n        a = b -> linear(D)\n    return a\n"
    )
    written = [
        f"{shown(s.left)} = {shown(s.right)}" for b in found.blocks if isinstance(b, Steps) for s in b.steps if s.left
    ]
    assert written[:3] == ["a = linear⁽¹⁾(x)", "b = conv1d⁽¹⁾(a)", "a = linear⁽²⁾(b)"]
    assert lists(found, "params")[1:3] == [
        "4·params(linear⁽¹⁾) = 4·(D² + D) = 4D² + 4D",
        "3·params(conv1d⁽¹⁾) = 3·(3D² + D) = 9D² + 3D",
    ]
    reasons = [words(s.reason) for b in found.blocks if isinstance(b, Steps) for s in b.steps]
    assert "linear, 1 to 4 alike" in reasons and "conv1d, 1 to 3 alike" in reasons


def test_the_numbers_say_which_section_is_meant() -> None:
    """The second application is a row of the first section, the fourth has a section of its own."""
    found = document(
        "dim N = 8, D = 4\nlayer block(x[..., D]; width = D, bias = true):\n"
        "    return x -> linear(width, bias = bias) -> relu -> linear(D, bias = bias)\n"
        "model m(x[N, D]):\n    x = block(x)\n    x = block(x, width = 3*D)\n    x = block(x)\n"
        "    return block(x, bias = false)\n"
    )
    told = [words(b.text) for b in found.blocks if isinstance(b, Paragraph)]
    assert any(text.endswith("are numbered: block⁽¹⁾ and block⁽²⁾.") for text in told)
    assert "Takes x [N, D]. In m it has the number 4." in told
    (uses,) = (b for b in found.blocks if isinstance(b, Table) and b.anchor == "uses block")
    assert [words(row[0]) for row in uses.rows] == ["m (1 and 3)", "m (2)"]


def test_a_number_stands_where_two_results_have_one_name() -> None:
    """`split` gives u and v, so that the second map's result is called `linear` as the first one's is."""
    found = document(
        "dim N = 8, D = 4, F = 6\nmodel m(x[N, D]):\n    u, v = split(x -> linear(2*F), 2)\n"
        "    w = u * v\n    return w -> linear(D)\n"
    )
    assert lists(found, "params")[1:3] == ["params(linear⁽¹⁾) = 2F(D+1)", "params(linear⁽²⁾) = D(F+1)"]


def test_unnamed_results_of_one_kind_are_numbered_alike() -> None:
    """`local + remote` is the first sum of the layer, `x + linear₂` the second; what is bound takes no number."""
    found = document(GATED)
    start = next(n for n, b in enumerate(found.blocks) if isinstance(b, Heading) and b.anchor == "gau")
    block = next(b for b in found.blocks[start:] if isinstance(b, Steps))
    assert [(shown(s.left), shown(s.right)) for s in block.steps if s.left is not None] == [
        ("local", "linear(x)"),
        ("remote", "linear(x)"),
        ("sum", "local + remote"),
        ("w", "local·sum"),
        ("linear", "linear(w)"),
        ("sum₂", "x + linear"),
    ]


# ---------------------------------------------------------------- every sum, in numbers


def value(formula: f.Formula, at: Mapping[str, Fraction]) -> Fraction:
    """A closed form at sizes, read off what is shown."""
    match formula:
        case f.Number(value=number):
            return number
        case f.Symbol(name=name):
            return at[name.partition(LOOK)[0]]
        case f.Sum(terms=terms):
            return sum((value(term, at) for term in terms), Fraction(0))
        case f.Negative(value=inner):
            return -value(inner, at)
        case f.Product(factors=factors):
            return prod((value(factor, at) for factor in factors), start=Fraction(1))
        case f.Quotient(above=above, below=below):
            return value(above, at) / value(below, at)
        case f.Power(base=base, exponent=exponent):
            return value(base, at) ** int(value(exponent, at))
        case f.Apply(function="floor" | "ceil" as function, arguments=(inner,)):
            return Fraction((floor if function == "floor" else ceil)(value(inner, at)))
        case f.Relation(operands=operands):
            return value(operands[-1], at)
    raise KeyError(formula)


def added(step: Step) -> list[str]:
    """The names on the right of a step that adds up others by name."""
    terms = step.right.terms if isinstance(step.right, f.Sum) else (step.right,)
    names = [shown(term) for term in terms]
    return names if all(re.search(r"(params|macs|exact)\(", name) for name in names) else []


@pytest.mark.parametrize("name", ["vit_b_16", "albert", "<nested>", "<inside>"])
def test_every_sum_is_that_of_the_lines_above_it(name: str) -> None:
    """At the example values: a turn costs what its list adds up to, and the total what stands by itself."""
    text = {"<nested>": NESTED, "<inside>": INSIDE_AND_OUTSIDE}.get(name)
    session = open_source(read_source(name, text.encode())) if text else open_path(name)
    measures = next(iter(session.measures().values()))
    at = values_of(measures.program)
    at |= {let.symbol.name: Fraction(evaluate(size, at)) for let, size in measures.program.lets}
    found = derive(measures, Request(conventions=("macs", "exact"), detail="full"))
    known: dict[str, Fraction] = {}
    checked = 0
    for steps in own_lists(found):
        here = Fraction(0)
        for number, step in enumerate(steps):
            if step.left is None:
                continue
            left = shown(step.left)
            further = list(takewhile(lambda s: s.left is None, steps[number + 1 :]))
            if names := added(step):
                assert sum(known[part] for part in names) == value(further[0].right, at), left
                known[left] = value(further[0].right, at)
                checked += 1
            elif re.fullmatch(r"\w+\((turn|body)[₀-₉]*\)", left):
                assert here == value(step.right, at), left
                known[left] = here
                checked += 1
            else:
                known[left] = sum((value(s.right, at) for s in further if s.relation == "+"), value(step.right, at))
                here += known[left]
                parts = step.left.terms if isinstance(step.left, f.Sum) else ()
                known |= {shown(part): known[left] / len(parts) for part in parts}
    assert checked >= 4


def own_lists(found: Document) -> Iterator[tuple[Step, ...]]:
    """The lists of what the model's own lines cost, and the totals."""
    own = False
    for block in found.blocks:
        if isinstance(block, Heading):
            own = block.anchor in ("own", "total")
        elif own and isinstance(block, Steps):
            left = block.steps[0].left
            if left is not None and re.search(r"(params|macs|exact)\(", shown(left)):
                yield block.steps


def test_an_option_that_is_given_as_its_default_makes_no_other_layer() -> None:
    """Two applications of D² + D; a layer that is given as an option counts with its own options."""
    found = document(
        "dim N = 8, D = 4\nlayer cell(x[..., I]; O = I):\n    return x -> linear(O)\n"
        "model m(x[N, D]):\n    x = x -> cell(1*D)\n    return x -> cell\n"
    )
    assert lists(found, "params")[1] == "2·params(cell⁽¹⁾) = 2·(D² + D) = 2D² + 2D"
    other = document(
        "dim N = 8, D = 4\nlayer f(x[..., I]; g = relu):\n    return x -> g\n"
        "model m(x[N, D]):\n    a = x -> f(linear(D))\n    return a -> f(linear(D, bias = false))\n"
    )
    assert total(other)[2:] == [" = 2D² + D", " = 36"]
