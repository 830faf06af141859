"""Random right sides of equations: chains, sums, functions, choices and reductions over the indices in sight."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from random_scope import INDICES, Scope, Tensor, Var, bracketed

CHOICE, SUM, PRODUCT, REDUCE, ATOM = range(5)
REDUCTIONS = ("sum", "sum", "mean", "max", "min", "prod")
FUNCTIONS = ("exp", "tanh", "sigmoid", "erf", "sin", "cos", "abs", "floor", "ceil", "log", "log2", "sqrt")
NUMBERS = ("2", "3", "0.5", "1", "1e-5", "pi")


@dataclass(frozen=True)
class Text:
    """An expression and how tightly it binds."""

    text: str
    binds: int

    def at(self, least: int) -> str:
        return self.text if self.binds >= least else f"({self.text})"


@dataclass(frozen=True)
class State:
    """A tensor of a recurrence: read one step back, or at the same step where it is there already."""

    tensor: Tensor
    shift: str
    axis: int = 0


@dataclass(eq=False)
class Frame:
    """An equation while it is written: the indices in sight, and what it must not read."""

    scope: Scope
    vars: list[Var]
    used: list[str] = field(default_factory=list)
    states: Sequence[State] = ()
    # A recurrence, and an equation that binds its name again, read at bare indices only.
    bare: tuple[str, ...] = ()
    taken: list[str] = field(default_factory=list)

    @property
    def source(self) -> random.Random:
        return self.scope.source

    def chance(self, share: float) -> bool:
        return self.source.random() < share

    def index(self, key: str, inside: Sequence[str] = (), *, must: bool = False) -> Var:
        """A new index; its name is one that no index in sight has."""
        names = [n for n in INDICES if n not in self.scope.program.dims and n not in (v.name for v in self.vars)]
        fresh = [n for n in names if n not in self.taken]
        name = self.source.choice(fresh[:6] if fresh and self.chance(0.8) else names[:6])
        self.taken.append(name)
        return Var(name, key, tuple(inside) or ((key,) if ".." not in key else ()), must)

    def inside(self, more: Sequence[Var]) -> Frame:
        """The frame in the body of a reduction; it shares all but the indices."""
        return Frame(self.scope, [*self.vars, *more], self.used, self.states, self.bare, self.taken)

    # ---------------------------------------------------------------- reads

    def read(self, wanted: Sequence[Var] = ()) -> str:
        """A read that mentions the wanted indices."""
        wanted = [v for v in wanted if v in self.vars]
        if self.states and self.chance(0.35):
            found = self.state(wanted)
            if found is not None:
                return found
        if self.chance(0.75):
            candidates = [t for t in self.scope.tensors if t.name not in self.bare]
            self.source.shuffle(candidates)
            for tensor in candidates[:4]:
                found = self.fitted(tensor, wanted)
                if found is not None:
                    return found
        return self.fresh(wanted)

    def fitted(self, tensor: Tensor, wanted: Sequence[Var], *, exact: bool = False) -> str | None:
        """A read of this tensor, if its axes take the indices in sight."""
        names: list[str] = []
        places: list[str] = []
        left = list(wanted)
        known: list[Var] = []
        for number, axis in enumerate(tensor.axes):
            key = axis.format(*names, *("?" for _ in range(4)))
            needed = any(f"{{{number}}}" in other for other in tensor.axes)
            ragged = ".." in axis
            pool = [v for v in self.vars if v.key == key or (not ragged and key in v.inside)]
            first = [v for v in left if v in pool]
            if pool and (first or needed or ragged or exact or not self.chance(0.15)):
                var = self.source.choice(first or pool)
                left = [v for v in left if v is not var]
                names.append(var.name)
                places.append(var.name)
                if var.key == key:
                    known.append(var)
                continue
            if needed or ragged or (exact and not pool):
                return None
            place = self.affine(axis)
            names.append("?")
            places.append(place)
        if left and len(left) == len(wanted):
            return None
        return self.text(tensor, places, known)

    def text(self, tensor: Tensor, places: Sequence[str], known: Sequence[Var] = ()) -> str:
        """A read; it gives the `known` indices their ranges."""
        self.used.append(tensor.name)
        text = f"{tensor.name}[{', '.join([*(['...'] if tensor.lead else []), *places])}]"
        for var in known:
            var.bare.append(text)
        return text

    def affine(self, size: str) -> str:
        """A place on an axis that is no bare index."""
        if not self.vars or self.chance(0.2):
            return self.source.choice(("0", "0", f"{size} - 1"))
        one, other = self.source.choice(self.vars).name, self.source.choice(self.vars).name
        plain = [v for v in self.vars if ".." not in v.key]
        if plain and not self.states and self.chance(0.3):
            var = self.source.choice(plain)
            integers = self.scope.integers((var.key,), size)
            if integers is not None:
                self.scope.note("gather")
                var.bare.append(f"{integers}[{var.name}]")
                return f"{integers}[{var.name}]"
        self.scope.note("window")
        return self.source.choice(
            (
                f"{one} + 1",
                f"{one} - 1",
                f"{one} + {other}",
                f"{one} - {other}",
                f"2*{one}",
                f"{size} - 1 - {one}",
                f"floor({one}/2)",
                f"mod({one} + 1, {size})",
            )
        )

    def state(self, wanted: Sequence[Var]) -> str | None:
        """A read of a state of the recurrence, one step back."""
        state = self.source.choice(list(self.states))
        names: list[str] = []
        for number, axis in enumerate(state.tensor.axes):
            pool = [v for v in self.vars if v.key == axis]
            if number == state.axis:
                pool = [v for v in pool if v is self.vars[state.axis]]
            if not pool:
                return None
            first = [v for v in pool if v in wanted] if number != state.axis else []
            if number < len(self.vars) and self.vars[number] in pool and not first:
                first = [self.vars[number]]
            names.append(self.source.choice(first or pool).name)
        names[state.axis] += state.shift
        return self.text(state.tensor, names)

    def fresh(self, wanted: Sequence[Var]) -> str:
        """A read of a new input, weight or buffer with the axes of some indices."""
        indices = list(wanted) or (self.source.sample(self.vars, 1) if self.vars else [])
        if not indices:
            axis = self.source.choice(self.scope.sizes)
            return self.text(self.scope.declared("weight", (axis,)), ["0"])
        for var in self.vars:
            if var not in indices and len(indices) < 3 and self.chance(0.25):
                indices.append(var)
        if len(indices) > 1 and self.chance(0.3):
            self.source.shuffle(indices)
        axes, places, known = [], [], []
        for var in indices:
            if var.inside:
                axes.append(self.source.choice(var.inside) if var.must else var.inside[0])
                places.append(var.name)
                known += [var] if axes[-1] == var.key else []
            else:  # -r..r
                reach = var.key.split("..")[1]
                axes.append(f"2*{reach} + 1")
                places.append(f"{var.name} + {reach}")
        kind = self.source.choice(("input", "input", "weight", "weight", "weight", "buffer"))
        if kind == "input" and self.scope.inputs is not None:
            return self.text(self.scope.fresh(tuple(axes)), places, known)
        return self.text(self.scope.declared("weight" if kind == "input" else kind, tuple(axes)), places, known)

    # ---------------------------------------------------------------- factors and chains

    def constant(self) -> str:
        """A factor that reads no tensor and mentions no index."""
        self.scope.note("constant factor")
        size = bracketed(self.source.choice(self.scope.sizes))
        return self.source.choice((*NUMBERS, size, f"sqrt({size})", f"log({size} + 1)"))

    def arithmetic(self) -> str:
        """A factor that mentions an index and reads no tensor: a table."""
        if not self.vars:
            return self.constant()
        self.scope.note("table")
        one, other = self.source.choice(self.vars).name, self.source.choice(self.vars).name
        return self.source.choice((one, f"({one} + 1)", f"({one} + {other})", f"cos({one}*{other})", f"2^{one}"))

    def power(self, base: Text) -> Text:
        exponent = self.source.choice(("2", "2", "2", "3", "0.5", "-1", "-2", "1.5", "data"))
        if exponent == "data":
            exponent = self.read()
        self.scope.note("square" if exponent == "2" else "power")
        return Text(f"{base.at(ATOM)}^{exponent}", PRODUCT)

    def function(self, depth: int) -> Text:
        """A function, or a maximum of several."""
        if self.chance(0.3):
            self.scope.note("maximum of several")
            arguments = [self.read(), self.constant() if self.chance(0.5) else self.read()]
            if self.chance(0.4):
                arguments.append(self.sum(depth - 1).text)
            self.source.shuffle(arguments)
            return Text(f"{self.source.choice(('max', 'min'))}({', '.join(arguments)})", ATOM)
        self.scope.note("function")
        if self.chance(0.1):
            return Text(f"{self.source.choice(('mod', 'log'))}({self.read()}, 2)", ATOM)
        name = self.source.choice(FUNCTIONS)
        inner = f"abs({self.read()})" if name in ("sqrt", "log", "log2") and self.chance(0.5) else None
        return Text(f"{name}({inner or self.sum(depth - 1).text})", ATOM)

    def factor(self, depth: int, wanted: Sequence[Var] = ()) -> Text:
        kind = self.source.choices(
            ("read", "constant", "table", "power", "function", "sum", "choice", "reduction"),
            (10, 2, 1, 2, 3, 1.5, 1.5, 1.5) if depth > 0 else (10, 1, 0, 1, 0, 0, 0, 0),
        )[0]
        match kind:
            case "constant":
                return Text(self.constant(), PRODUCT)
            case "table":
                return Text(self.arithmetic(), PRODUCT)
            case "power":
                base = self.sum(depth - 1) if depth > 0 and self.chance(0.3) else Text(self.read(wanted), ATOM)
                return self.power(base)
            case "function":
                return self.function(depth)
            case "sum":
                return self.sum(depth - 1)
            case "choice":
                return self.choice(depth - 1)
            case "reduction" if len(self.vars) < 4:
                self.scope.note("nested reduction")
                return self.reduction(depth - 1)
            case _:
                return Text(self.read(wanted), ATOM)

    def chain(self, depth: int, heads: Sequence[str] = (), wanted: Sequence[Var] = (), most: int = 3) -> Text:
        """Factors multiplied and divided; the heads are among them."""
        factors = [Text(head, ATOM) for head in heads]
        number = max(self.source.choices((1, 2, 3, 4), (4, 5, 3, 1))[0], len(factors))
        while len(factors) < min(number, max(most, len(factors))):
            factors.append(self.factor(depth, wanted if not factors else ()))
        if not heads and all(f.binds == PRODUCT for f in factors):
            factors.append(Text(self.read(wanted), ATOM))
        if self.chance(0.3):
            self.source.shuffle(factors)
        text = ""
        for place, factor in enumerate(factors):
            last = place == len(factors) - 1
            sign = "" if not place else self.source.choice((" * ", " * ", " * ", " / "))
            if sign == " / ":
                self.scope.note("division")
            part = factor.at(REDUCE if last and self.chance(0.5) else ATOM)
            if factor.binds == PRODUCT:  # a power, a number or an index
                part = factor.text
            text += sign + part
        return Text(text, PRODUCT if len(factors) > 1 else factors[0].binds)

    def sum(self, depth: int, heads: Sequence[str] = (), wanted: Sequence[Var] = ()) -> Text:
        """Terms added and subtracted."""
        text = self.chain(depth, heads, wanted)
        for _ in range(self.source.choices((0, 1, 2), (7, 3, 1) if depth > 0 else (9, 1, 0))[0]):
            term = self.chain(depth - 1)
            text = Text(f"{text.at(PRODUCT)} {self.source.choice('+-')} {term.at(PRODUCT)}", SUM)
        if self.chance(0.08):
            text = Text(f"-{text.at(ATOM)}", PRODUCT)
            text = Text(text.text, SUM)
        return text

    # ---------------------------------------------------------------- choices and reductions

    def condition(self) -> str:
        """A condition on data or on indices."""
        if self.vars and self.chance(0.45):
            self.scope.note("choice on indices")
            one, other = self.source.choice(self.vars).name, self.source.choice(self.vars).name
            size = bracketed(self.source.choice(self.scope.sizes))
            text = self.source.choice(
                (f"{one} > 0", f"{one} <= {other}", f"{one} == {other}", f"0 <= {one} < {size}", f"not {one} == 0")
            )
        else:
            self.scope.note("choice on data")
            other = self.read() if self.chance(0.4) else "0.5"
            text = self.source.choice((f"{self.read()} > {other}", f"0 < {self.read()} < {other}"))
        if self.chance(0.2):
            text = f"{text} {self.source.choice(('and', 'or'))} {self.read()} > 0.5"
        return text

    def choice(self, depth: int) -> Text:
        then, otherwise = self.chain(depth), self.chain(depth) if self.chance(0.5) else Text("0", ATOM)
        return Text(f"{then.at(SUM)} if {self.condition()} else {otherwise.at(SUM)}", CHOICE)

    def bound(self) -> list[Var]:
        """New indices for a reduction."""
        found: list[Var] = []
        sizes = [axis for t in self.scope.tensors for axis in t.axes if ".." not in axis] or list(self.scope.sizes)
        for _ in range(1 if self.chance(0.7) else 2):
            frame = self.inside(found)
            size = self.source.choice((*self.scope.sizes, *sizes[-6:]))
            owner = [v for v in frame.vars if v.key == size]
            if owner and self.chance(0.25):
                found.append(frame.within(self.source.choice(owner)))
            else:
                found.append(frame.index(size))
        return found

    def within(self, owner: Var) -> Var:
        """A new index whose range depends on that of another."""
        size, at = bracketed(owner.key), owner.name
        kinds = ("causal", "strictly causal", "anticausal", "clipped", "clipped back")
        kind = self.source.choice(kinds if self.scope.inputs is not None else kinds[:3])
        match kind:
            case "causal":
                key = f"0..{at}"
            case "strictly causal":
                key = f"0..{at} - 1"
            case "anticausal":
                key = f"{at}..{size} - 1" if self.chance(0.6) else f"{at} + 1..{size} - 1"
            case "clipped":
                r = self.scope.program.dim("r", f"? <= {size}")
                key = f"max(0, {at} - {r})..min({size} - 1, {at} + {r})"
            case _:
                r = self.scope.program.dim("w", f"? <= {size}")
                key = f"max(0, {at} - {r} + 1)..{at}"
        self.scope.note("clipped" if kind.startswith("clipped") else kind)
        return self.index(key, (owner.key,), must=True)

    def mentioning(self, bound: Sequence[Var], body: Text) -> Text:
        """The body of a reduction with a factor for each index that it must mention and does not."""
        for var in bound:
            if not re.search(rf"\b{var.name}\b", body.text):
                body = Text(f"{body.at(PRODUCT)} * {self.fresh([var])}", PRODUCT)
        return body

    def reduction(self, depth: int, heads: Sequence[str] = (), bound: Sequence[Var] = ()) -> Text:
        """A reduction of a chain or of another expression over new indices."""
        bound = list(bound) or self.bound()
        kind = self.source.choice(REDUCTIONS)
        self.scope.note(kind)
        frame = self.inside(bound)
        if len(bound) > 1:
            self.scope.note("several indices")
        heads = [*heads, *(() if heads else (frame.read(bound),))]
        outer = len(self.vars) > 0 and self.chance(0.25)
        if outer:
            heads.append(self.read(self.source.sample(self.vars, 1)))
            if kind in ("sum", "mean"):
                self.scope.note("a factor that leaves")
        whole = self.chance(0.8)
        body = frame.chain(depth, heads) if whole else frame.sum(depth, heads)
        body = frame.mentioning(bound, body)
        if not whole:
            body = Text(body.at(ATOM), ATOM)
        names = ", ".join(v.declared(self.source, body.text) for v in bound)
        return Text(f"{kind}[{names}] {body.at(PRODUCT) if body.binds != REDUCE else body.text}", REDUCE)
