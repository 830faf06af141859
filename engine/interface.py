"""The Python interface: a file or a text in, models whose quantities are SymPy expressions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Literal

from .algebra.expression import Expr
from .algebra.substitution import evaluate
from .conventions import convention
from .conventions import names as convention_names
from .dependences.positions import NotDerived
from .derivation import Request, Verified, derive, values_of
from .document import Document
from .errors import ArchError, Diagnostic, nearest, usage
from .expectations import Check
from .parser import read_source
from .quantities import BY_NAME, Derived, Measures, Scan
from .quantities.searched import LARGE_BUDGET, path_at
from .rendered import Comparison, Derivation
from .results import Mime, Quantities, Quantity, bundle, in_unicode, shown_of
from .session import Session, open_path, open_source
from .settings import check_comparing, check_form, requested
from .sizes import check_facts, sizes_of
from .sympy_bridge import to_sympy, to_sympy_symbol

if TYPE_CHECKING:
    import sympy

    from .pictures import Drawn
    from .plots import Plot


def load(path: str | PathLike[str], model: str | None = None) -> Model:
    """The model of a file, or one that comes with the package, by its name; `model` names one of several of a file, or
    a variant of one. Raises ArchError.

    >>> load("attention").params  # doctest: +SKIP
    """
    return _one(open_path(str(path), model=model))


def load_all(path: str | PathLike[str]) -> dict[str, Model]:
    """Every model of a file, by name. Raises ArchError."""
    return _models(open_path(str(path)))


def parse(text: str, model: str | None = None) -> Model:
    """The model of a text in the language. Raises ArchError.

    >>> m = parse('dim D, N\\nmodel f(x[N, D]):\\n    return x -> linear(4*D, bias = false)\\n')
    >>> m.macs
    4*D**2*N
    >>> m.at(N=10, D=2).macs
    160
    """
    if not isinstance(text, str):
        raise usage(f"`parse` takes a text, and this is {text!r}", hint="`load(path)` reads a file")
    return _one(open_source(read_source("<text>", text.encode("utf-8", "surrogatepass")), model=model))


def exercise(path: str | PathLike[str], model: str | None = None, *, solution: bool = False) -> str:
    """The exercise of a standard layer, a packaged model or a file: a text in the language with the costs left to be
    filled in, or filled in. Raises ArchError.

    >>> exercise("linear").count("== ???")
    3
    """
    from .exercises import written

    return written(str(path), {}, model, solved=solution)


def compare(
    *models: Model,
    convention: str | tuple[str, ...] = "macs",
    form: str = "auto",
    columns: Sequence[str] = (),
    sort: str | None = None,
    baseline: str | None = None,
    along: str | None = None,
) -> Comparison:
    """Models beside each other: closed forms, growth and numbers, a row for each; which is cheaper where. `columns` are
    the quantities, `sort` is one of them or "name", `baseline` the name of the model that the others are measured by,
    `along` the size that grows while the others are constant. Raises ArchError."""
    from .comparison import compare

    if not models:
        raise usage("there is no model to compare", hint="`compare(a, b)`")
    for model in models:
        if not isinstance(model, Model):
            raise usage(f"`{model!r}` is no model that can be compared", hint="`compare(load(…), load(…))`")
    request = requested(_names(convention), form=form)
    request = replace(request, columns=tuple(columns), sort=sort, baseline=baseline, along=along)
    measures = [model._measures for model in models]
    check_form(request.form, measures)
    check_comparing(request, measures)
    return Comparison(compare(measures, request), partial(_page, models, request))


def _page(models: Sequence[Model], request: Request) -> list[Document]:
    """The documents of a page to play with."""
    from .comparison import documents_of

    return documents_of([model._measures for model in models], replace(request, playable=True), detailed=False)


def plot(*models: Model, over: str, quantity: str = "macs", span: tuple[float, float] | None = None) -> Plot:
    """A quantity of models against a size, both logarithmic; `span` is from where to where. Raises ArchError.

    >>> plot(load("attention"), over="N").to_svg()  # doctest: +SKIP
    """
    from .plots import asked_for, plots

    if not models:
        raise usage("there is no model to plot", hint='`plot(a, b, over="N")`')
    for model in models:
        if not isinstance(model, Model):
            raise usage(f"`{model!r}` is no model that can be plotted", hint='`plot(load(…), over="N")`')
    return plots([model._measures for model in models], asked_for(over, quantity, span))[0]


def _models(session: Session) -> dict[str, Model]:
    return {name: Model(measures, session) for name, measures in session.measures().items()}


def _derived_again(session: Session, name: str, dtype: str, request: Request) -> Model:
    return Model(session.measures(dtype)[name], session, request)


def _one(session: Session) -> Model:
    models = _models(session)
    if len(models) > 1:
        raise usage(
            f"{session.source.name} has several models: {', '.join(models)}", hint="name one: `load(path, model=…)`"
        )
    return next(iter(models.values()))


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A model and its quantities, each a SymPy expression in the names of the file.

    `params`, `buffers`, `macs`, `flops`, `exact`, `sequential`, `path`, `receptive`, `bits`, `bytes`. An infinite
    quantity is `oo`; one that is not derived raises ArchError with the reason. `model["macs"]` has the same as the file
    prints it, with growth, number and reason.
    """

    _measures: Measures
    _session: Session
    _request: Request = field(default_factory=Request)

    def __copy__(self) -> Model:
        return self

    def __deepcopy__(self, memo: object) -> Model:
        return self

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[object, ...]]:
        return _derived_again, (self._session, self.name, self._measures.dtype, self._request)

    @property
    def name(self) -> str:
        return self._measures.program.name

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the author of the model says beside its figures: that it is a reconstruction, for example."""
        return self._measures.program.caveats

    @property
    def symbols(self) -> dict[str, sympy.Symbol]:
        """The SymPy symbol of every dim and option, by its name in the file."""
        return {d.symbol.name: to_sympy_symbol(d.symbol) for d in self._measures.program.dimensions}

    @cached_property
    def quantities(self) -> Quantities:
        """Every quantity by name, those that the file defines among them; a notebook shows a table."""
        return Quantities(shown_of(self._measures, self._request.form), self._request.conventions, self)

    def __getitem__(self, name: str) -> Quantity:
        """A quantity by name, or the operations under a convention, as the file prints it. Raises ArchError."""
        self._check(name)
        return self.quantities[name] if name in self.quantities else Quantity(name, self.quantities.shown, self)

    def __iter__(self) -> Iterator[str]:
        return iter(self.quantities)

    def quantity(self, name: str) -> sympy.Expr:
        """A quantity by name, or the operations under a convention. Raises ArchError."""
        return to_sympy(self._finite(name))

    @property
    def scans(self) -> tuple[PrefixScan, ...]:
        """Every recurrence of the model: is it linear in its state, and what does a prefix scan of it cost?"""
        return tuple(map(_prefix_scan, self._measures.scans))

    @property
    def causal(self) -> bool | None:
        """Does no output position depend on a later input position? None where that is not known, or where the output
        does not keep the positions of an input; `reason("causal")` says why."""
        return self._measures.causality.causal

    def reason(self, name: str) -> str:
        """Why a quantity is what it is, in words; `causal` is one as well."""
        if name == "causal":
            return in_unicode(self._measures.causality.reason, self.quantities.shown)
        return self[name].reason

    def __getattr__(self, name: str) -> sympy.Expr:
        if name in BY_NAME or (not name.startswith("_") and name in self._measures.defined):
            return self.quantity(name)
        raise AttributeError(f"a model has no attribute {name!r}")

    def at(self, **values: int | float | Fraction) -> At:
        """The model at given sizes; those that are not given have their example values. Raises ArchError for sizes that
        the file excludes."""
        program = self._measures.program
        sizes = {**values_of(program), **sizes_of(program, values)}
        check_facts(program, sizes)
        return At(self, sizes)

    def growth(self, name: str) -> sympy.Expr:
        """The terms of a quantity that no others dominate, with coefficient 1."""
        from .growth import growth

        return to_sympy(growth(self._derived_expr(name), self._measures.program.facts).expr)

    def check(self) -> list[Check]:
        """The `expect` lines of the file, compared."""
        return self._session.check(self._session.measures())

    def verify(self, seed: int = 0) -> Verified:
        """Run every equation at small sizes and compare: how many of how many figures agree, and at which sizes."""
        from .verifier import verify

        reports = dict(zip(self._session.programs, verify(self._session, seed), strict=True))
        return reports[self._measures.program].verified

    def derivation(
        self, convention: str | tuple[str, ...] | None = None, detail: str = "steps", form: str | None = None
    ) -> Derivation:
        """The derivation as a document, to be rendered. Multiply-adds are counted unless a cell asked for another
        convention. Raises ArchError."""
        conventions = self._request.conventions if convention is None else _names(convention)
        request = requested(conventions, detail, self._request.form if form is None else form, self._measures.dtype)
        check_form(request.form, [self._measures])
        published, _ = self._session.published(self._session.measures())
        return Derivation(derive(self._measures, replace(request, published=published)))

    def picture(self, name: Literal["dependences"] = "dependences", **sizes: int) -> Drawn:
        """A picture of a small copy of the model: `sizes` are taken, all others are chosen. Raises ArchError."""
        from .dependences.picture import picture
        from .pictures import Drawn

        if name != "dependences":
            raise usage(f"there is no picture `{name}`", hint='`picture("dependences")`')
        given = sizes_of(self._measures.program, sizes)
        chosen = {size: value for size, value in self._session.overrides.items() if isinstance(value, Fraction)}
        return Drawn(picture(self._measures.program, {**chosen, **given}))

    def plot(self, over: str, quantity: str = "macs", span: tuple[float, float] | None = None) -> Plot:
        """A quantity against a size, both logarithmic; `span` is from where to where. Raises ArchError."""
        return plot(self, over=over, quantity=quantity, span=span)

    def _check(self, name: str) -> None:
        known = (*self.quantities, *convention_names())
        if name not in known:
            raise usage(f"`{self.name}` has no quantity `{name}`", hint=nearest(str(name), known))

    def _derived(self, name: str) -> Derived:
        if name in BY_NAME or name in self._measures.defined:
            return self._measures.quantity(name)
        self._check(name)
        return self._measures.billed(convention(name).name)

    def _finite(self, name: str) -> Expr | None:
        derived = self._derived(name)
        if derived.number is not None:
            why = f"known at the example values only: {derived.number}"
            raise ArchError(Diagnostic(f"`{name}` of `{self.name}` is {why}", hint=f"`model.at(…).{name}` is a number"))
        if derived.expr is None and not derived.infinite:
            raise ArchError(Diagnostic(f"`{name}` of `{self.name}` is {derived.unknown}"))
        return derived.expr

    def _derived_expr(self, name: str) -> Expr:
        expr = self._finite(name)
        if expr is None:
            raise ArchError(Diagnostic(f"`{name}` of `{self.name}` is infinite"))
        return expr

    def __repr__(self) -> str:
        caveats = "".join(f"; {caveat}" for caveat in self.caveats)
        return f"<model {self.name}: macs = {self.quantity('macs')}{caveats}>"

    def _repr_mimebundle_(self, include: Mime = None, exclude: Mime = None) -> dict[str, str]:
        return bundle(self.quantities.document, include, exclude)


def _names(convention: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(convention, str):
        return (convention,)
    if not isinstance(convention, Iterable):
        raise usage(f"`convention={convention!r}` names no convention", hint='`convention=("macs", "exact")`')
    return tuple(convention)


@dataclass(frozen=True)
class PrefixScan:
    """A recurrence: where it stands, its states, and its `verdict` (elementwise, matrix, not linear as written, not
    derived) with the `reason`. `depth` combines follow each other, of `combines` in all; `combine` are the operations
    of one by kind, `work` those of all. They are None or empty where no scan is derived."""

    layer: str
    states: tuple[str, ...]
    along: tuple[str, ...]
    direction: str
    steps: sympy.Expr
    verdict: str
    reason: str
    place: str
    mixed: sympy.Expr | None
    depth: sympy.Expr | None
    combines: sympy.Expr | None
    combine: Mapping[str, sympy.Expr]
    work: Mapping[str, sympy.Expr]


def _prefix_scan(scan: Scan) -> PrefixScan:
    combine = scan.combine
    return PrefixScan(
        scan.layer,
        scan.states,
        scan.along,
        scan.direction,
        to_sympy(scan.steps),
        scan.verdict,
        scan.words,
        scan.place,
        None if combine is None else to_sympy(combine.mixed),
        None if scan.depth is None else to_sympy(scan.depth),
        None if scan.combines is None else to_sympy(scan.combines),
        {} if combine is None else {kind: to_sympy(count) for kind, count in combine.operations},
        {kind: to_sympy(count) for kind, count in scan.work.items()},
    )


@dataclass(frozen=True)
class At:
    """A model at sizes: every quantity a number."""

    model: Model
    values: Mapping[str, Fraction]

    def __hash__(self) -> int:
        return hash((self.model, frozenset(self.values.items())))

    def __getattr__(self, name: str) -> int | Fraction | float:
        if name.startswith("_") or name not in self.model.quantities:
            raise AttributeError(f"a model has no attribute {name!r}")
        derived = self.model._derived(name)
        granted = all(evaluate(gap, self.values) >= 0 for gap in derived.granted)
        if name == "path" and (derived.bound or derived.expr is None or not granted):
            searched = path_at(
                self.model._measures.program, self.values, NotDerived("it depends on the sizes"), LARGE_BUDGET
            )
            if searched.number is not None:
                return searched.number
            derived = derived if searched.unknown and derived.expr is not None else searched
        if derived.unknown:
            raise ArchError(Diagnostic(f"`{name}` of `{self.model.name}` is {derived.unknown}"))
        if derived.extents:
            return derived.cut_off(self.values)
        expr = derived.expr
        if expr is None:
            return float("inf")
        try:
            return evaluate(expr, self.values)
        except KeyError as missing:
            raise usage(f"`{missing.args[0]}` has no value", hint=f"`at({missing.args[0]}=…)`") from None
