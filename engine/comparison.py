"""Several models beside each other: closed forms, growth and numbers in three tables, and what they leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

from .algebra.expression import Expr
from .contrast import Contrast
from .conventions import convention
from .conventions import names as convention_names
from .derivation import Request, derive, digits, layout_of, spelled, symbols_of, values_of
from .derivation.billed import BillWriter
from .derivation.request import held, looks_of
from .derivation.shown import Shown, sentence
from .document import Block, Bullets, Code, Document, Heading, Paragraph, Play, Run, Strong, Table, Text
from .errors import nearest, usage
from .formula import Relation, Symbol, Words, slashed
from .notation.symbols import Symbols, look_of
from .quantities import BY_NAME, Measures

COLUMNS = ("sequential", "path")


def documents_of(models: Sequence[Measures], request: Request, *, detailed: bool) -> list[Document]:
    """One model is derived; several are compared, and derived too where a detail is asked for, or folded away on a page
    to play with; there without pictures and what the comparison says already, so that the page stays small."""
    if len(models) == 1:
        return [derive(models[0], request)]
    each = models if (detailed or request.playable) and request.detail != "summary" else ()
    alone = replace(request, plots=())
    below = alone if detailed else replace(alone, pictured=False, below=True)
    labelled = zip(each, labels_of(each), strict=True)
    return [compare(models, request), *(derive(m, replace(below, label=label)) for m, label in labelled)]


def compare(models: Sequence[Measures], request: Request) -> Document:
    """One document for several models: a row a model, a column a quantity."""
    models = _sorted(models, request)
    notes = _notes(models)
    names = _columns(request)
    titles = [_title(name, notes) for name in names]
    shown = _shown(models, request)
    head: tuple[Text, ...] = (("model",), *((title,) for title in titles))
    blocks: list[Block] = [Heading(1, ("Comparison of ", str(len(models)), " models"), anchor="comparison")]
    labels = labels_of(models)
    caveats = _caveats(labels, models)
    closed = [_row(label, [_closed(s, n) for n in names]) for label, s in zip(labels, shown, strict=True)]
    grown = [_row(label, [s.grown(s.derived(n)) for n in names]) for label, s in zip(labels, shown, strict=True)]
    blocks.append(Table(("Closed forms",), "l" * len(head), head, tuple(closed), anchor="forms", notes=caveats))
    blocks.append(Table(("Growth",), "l" * len(head), head, tuple(grown), anchor="growth", notes=caveats))
    numbers = [
        _row(label, [s.value(s.derived(n)) or "–" for n in names]) for label, s in zip(labels, shown, strict=True)
    ]
    if any(cell != ("–",) for row in numbers for cell in row[1:]):
        where = _example_values(models)
        blocks.append(
            Table(
                ("Numbers at ", *where) if where else ("Numbers at each model’s example values",),
                "l" + "r" * len(names),
                head,
                tuple(numbers),
                anchor="numbers",
                notes=caveats,
            )
        )
    blocks += request.plots
    contrast = contrast_of(models, request)
    blocks += contrast.blocks() if contrast is not None else ()
    if notes:
        blocks.append(_own_quantities(notes, labels, shown))
    notation = _notation(models, labels)
    if notation is not None:
        blocks.append(notation)
    blocks.append(Heading(2, ("What is counted, and what is left out",), anchor="counted"))
    for name in _counted(names):
        chosen = convention(name)
        blocks.append(Paragraph((Strong(f"{chosen.title[0].upper()}{chosen.title[1:]}."), " ", chosen.sentence)))
    blocks.append(Bullets(tuple(_note(label, s, request) for label, s in zip(labels, shown, strict=True))))
    verified = [
        (Code(label), ": ", *request.verified[s.measures.program].text(looks_of(s.measures.program, s.layout)))
        for label, s in zip(labels, shown, strict=True)
        if s.measures.program in request.verified
    ]
    if verified:
        blocks.append(Heading(2, ("Verification",), anchor="verification"))
        blocks.append(Bullets(tuple(verified)))
    symbols: dict[str, str] = {}
    for m in models:
        symbols.update(symbols_of(m.program))
    play = _play(labels, shown, {**dict(zip(names, titles, strict=True)), **notes}, request)
    return Document("comparison", tuple(blocks), (), symbols, play)


def _play(labels: Sequence[str], shown: Sequence[Shown], titles: Mapping[str, str], request: Request) -> Play | None:
    """The figures of the tables, to play with. The operations are shown first."""
    if not request.playable:
        return None
    from .play import playground

    first = next((place for place, name in enumerate(titles) if name in convention_names()), 0)
    return playground(labels, shown, tuple(titles.items()), request.along, first)


def _title(name: str, notes: Mapping[str, str]) -> str:
    """What a column is called: a convention, a quantity, or one that a file defines."""
    if name in convention_names():
        return convention(name).title
    return BY_NAME[name].title if name in BY_NAME else notes[name]


def _sorted(models: Sequence[Measures], request: Request) -> Sequence[Measures]:
    """The models in the order that is asked for: those without a number come last."""
    if request.sort is None:
        return models
    if request.sort == "name":
        return sorted(models, key=lambda m: m.program.name)

    def number(m: Measures) -> float:
        (shown,) = _shown([m], request)
        derived = shown.derived(str(request.sort))
        value = derived.number if derived.number is not None else shown.cut_off(derived)
        return inf if value is None else float(value)

    return sorted(models, key=number)


def contrast_of(models: Sequence[Measures], request: Request) -> Contrast | None:
    """The models by the first quantity that at least two of them have a closed form of: by the one that orders them, or
    the first convention. Raises a usage error for a baseline that is none of them."""
    models = _sorted(models, request)
    labels, shown = labels_of(models), _shown(models, request)
    baseline = request.baseline
    if baseline is not None and baseline not in labels:
        hint = nearest(baseline, labels) or f"models: {', '.join(labels)}"
        raise usage(f"`--baseline {baseline}`: there is no model `{baseline}`", hint=hint)
    names = _columns(request)
    first = [request.sort] if request.sort and request.sort != "name" else []
    for name in dict.fromkeys([*first, *_counted(names), *names]):
        exprs = [s.derived(name).expr for s in shown]
        known = [place for place, expr in enumerate(exprs) if expr is not None]
        if len(known) < 2:
            continue
        title = _title(name, _notes(models))
        if baseline is not None and labels.index(baseline) not in known:
            raise usage(f"`--baseline {baseline}`: it has no closed form of {title}")
        kept = [expr for expr in exprs if expr is not None]
        labelled = [labels[place] for place in known]
        return Contrast(name, title, labelled, kept, [shown[place] for place in known], request.along, baseline)
    return None


def _shown(models: Sequence[Measures], request: Request) -> list[Shown]:
    return [
        Shown(m, layout_of(m.program, request.form), values_of(m.program), held(m.program, request.along))
        for m in models
    ]


def _columns(request: Request) -> tuple[str, ...]:
    return request.columns or ("params", *request.conventions, *COLUMNS)


def _counted(names: Sequence[str]) -> list[str]:
    return [name for name in names if name in convention_names()]


def _notes(models: Sequence[Measures]) -> dict[str, str]:
    """The quantities that the files define, and what they are."""
    return {name: note for m in models for name, note in m.notes.items()}


def labels_of(models: Sequence[Measures]) -> list[str]:
    """The names of the models; of several with one name the files that they stand in, where that tells them apart."""
    names = [m.program.name for m in models]
    files = [Path(m.program.instance.span.source.name).stem for m in models]
    found = []
    for name, file in zip(names, files, strict=True):
        alone = files.count(file) == 1 and file not in names
        found.append(name if names.count(name) == 1 or file == name else file if alone else f"{file}:{name}")
    return found if len(set(found)) == len(found) else [f"{f}:{n}" for f, n in zip(files, names, strict=True)]


def _notation(models: Sequence[Measures], labels: Sequence[str]) -> Table | None:
    """What the sizes mean. Of one that looks alike in several files, what each says of it, if they differ."""
    notes: dict[Symbol, dict[str, list[str]]] = {}
    printed: dict[str, Symbol] = {}
    for m, label in zip(models, labels, strict=True):
        for d in m.program.dimensions:
            name = look_of(d.symbol.name, d.latex)
            said = notes.setdefault(printed.setdefault(Symbols().in_latex(name), Symbol(name)), {})
            said.setdefault(d.note or "", []).append(label)
    if not any(note for said in notes.values() for note in said):
        return None
    rows: list[tuple[Text, ...]] = []
    for symbol, said in notes.items():
        known = {note: where for note, where in said.items() if note}
        words: list[Run] = []
        for note, where in known.items():
            words += ["; "] * bool(words) + [note]
            if len(known) > 1:
                words.append(f" ({', '.join(where)})")
        rows.append(((symbol,), tuple(words) or ("–",)))
    return Table(("Notation",), "ll", (("symbol",), ("meaning",)), tuple(rows), anchor="symbols")


def _caveats(labels: Sequence[str], models: Sequence[Measures]) -> tuple[Text, ...]:
    """What the authors say beside their figures, a line for each model that says it."""
    return tuple(
        (Code(label), ": ", *spelled(sentence(caveat)))
        for label, m in zip(labels, models, strict=True)
        for caveat in m.program.caveats
    )


def _own_quantities(notes: Mapping[str, str], labels: Sequence[str], shown: Sequence[Shown]) -> Table:
    """The quantities that files define: a row a quantity, a column a model."""
    head: tuple[Text, ...] = (("quantity",), *((Code(label),) for label in labels))
    rows = tuple(((note,), *((s.formula(s.derived(name)),) for s in shown)) for name, note in notes.items())
    return Table(("Quantities of the file",), "l" * len(head), head, rows, anchor="quantities")


def _closed(shown: Shown, name: str) -> Text:
    """A closed form, and whether it is one at most."""
    derived = shown.derived(name)
    return (slashed(shown.formula(derived)), *((" at most",) if derived.bound else ()))


def _row(label: str, cells: Sequence[Run | Text]) -> tuple[Text, ...]:
    return ((Code(label),), *(cell if isinstance(cell, tuple) else (cell,) for cell in cells))


def _example_values(models: Sequence[Measures]) -> Text:
    """The example values, where all models agree on them."""
    found: dict[str, str] = {}
    for m in models:
        looks = {d.symbol.name: look_of(d.symbol.name, d.latex) for d in m.program.dimensions}
        for name, value in values_of(m.program).items():
            if found.setdefault(looks[name], digits(value)) != digits(value):
                return ()
    words: list[Run] = []
    for name, shown in found.items():
        words += [", "] if words else []
        words.append(Relation((Symbol(name), Words(shown)), ("=",)))
    return tuple(words)


def _note(label: str, shown: Shown, request: Request) -> Text:
    """What a row means: its docstring, what its path assumes, what it does not count."""
    m = shown.measures
    words: list[Run] = [Code(label), ": "]
    if m.program.instance.doc:
        words.append(sentence(m.program.instance.doc) + " ")
    if m.program.stack is not None:
        words.append("The counts are one layer’s, the path is that of a stack of such layers. ")
    tools = [chosen for name in request.conventions if (chosen := convention(name)).tool is not None]
    for chosen in tools:
        for fault in BillWriter(m, tools, shown).faults(chosen):
            words += [Code(chosen.name), ", ", *fault, " "]
    words.append("Path: ")
    derived = m.path
    if derived.unknown:
        words += spelled(derived.unknown)
    if derived.bound:
        words.append("at most; ")
    for part in derived.reason:
        words += [slashed(shown.layout.formula(part))] if isinstance(part, Expr) else spelled(part)
    words.append(".")
    left = m.totals.operations
    others = sorted(kind for kind, count in left.items() if count and kind != "mac")
    if others and "exact" not in request.conventions:
        words.append(f" Not counted: {', '.join(others)}.")
    return tuple(words)
