"""The JSON is what docs/json.md and engine/schema.json say: every member, every formula, every number."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import resources
from math import isclose
from pathlib import Path
from typing import Any

import archderive as ad
import pytest
import sympy
from archderive import gallery, library
from archderive.cli import main
from archderive.document import Code, Document, Figure, Steps
from archderive.exchange_document import document_data
from archderive.formula import integer
from consoles import blocks
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "docs" / "json.md"
PAGE = MANUAL.read_text("utf-8")
SCHEMA = json.loads(resources.files(ad).joinpath("schema.json").read_text("utf-8"))
EXAMPLES = sorted([*(ROOT / "examples").glob("*.arch"), *(ROOT / "examples" / "table1").glob("*.arch")])
LAYERS = sorted(library.index())
MODELS = sorted(path.stem for path in gallery.files())
SLOW = [pytest.mark.slow]


def derive(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return answer


def complaints(answer: object) -> list[str]:
    return [f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(SCHEMA).iter_errors(answer)]


# ---------------------------------------------------------------- formulas


def reader() -> Callable[[str], Any]:
    """The function `read` of the manual."""
    (code,) = (content for kind, _, content in blocks(PAGE) if kind == "python")
    names: dict[str, Any] = {}
    exec(code, names)
    return names["read"]  # type: ignore[no-any-return]


READ = reader()


def terms(node: object) -> Iterator[dict[str, Any]]:
    """Everything that has a formula."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from terms(child)
    if isinstance(node, dict) and isinstance(node.get("expr"), str):
        yield node


def formulas(model: dict[str, Any]) -> Iterator[str]:
    """Those that have no number beside them."""
    yield from model["operations"].values()
    for layer in model["layers"]:
        yield from (layer["params"], layer["macs"])
    for assumption in model["assumptions"]:
        yield from re.split(r" (?:divides|<=|==) ", assumption)
    for quantity in model["quantities"].values():
        if quantity["growth_expr"] is not None:
            yield quantity["growth_expr"]


def at_example_values(expr: Any, model: dict[str, Any]) -> Any:
    values = {
        sympy.Symbol(d["symbol"]): sympy.Rational(str(d["value"])) for d in model["dims"] if d["value"] is not None
    }
    return expr.subs(values).doit()


def look_through(answer: dict[str, Any]) -> None:
    """Every formula is read, mentions only what `dims` names, and gives the number beside it; none lacks its LaTeX."""
    assert not complaints(answer)
    for model in answer["models"]:
        names = {d["symbol"] for d in model["dims"]}
        receptive = model["quantities"]["receptive"]
        for node in terms(model):
            expr = READ(node["expr"])
            assert {s.name for s in expr.free_symbols} <= names, node
            found = at_example_values(expr, model)
            if node is receptive:  # an axis without a number may cut it off anywhere
                assert node["value"] is None or found >= node["value"], node
            elif node["value"] is None:
                assert found.free_symbols or not found.is_finite or found > 10**4000, node
            elif isinstance(node["value"], int):
                assert found == node["value"] or isclose(found, node["value"], rel_tol=1e-12), node
            else:
                assert isclose(found, node["value"], rel_tol=1e-12), node
            if "latex" in node:
                assert node["latex"].strip()
        for formula in formulas(model):
            READ(formula)
        for quantity in model["quantities"].values():
            nulls(quantity)


def nulls(quantity: dict[str, Any]) -> None:
    """The table of the manual."""
    closed = quantity["expr"] is not None
    assert (quantity["latex"] is not None) == (quantity["unicode"] is not None) == (closed or quantity["infinite"])
    assert closed or quantity["growth"] is None
    assert (quantity["growth"] is None) == (quantity["growth_expr"] is None) == (quantity["growth_latex"] is None)
    states = [closed, quantity["infinite"], quantity["unknown"] is not None]
    assert sum(states) == (0 if not closed and quantity["value"] is not None else 1), quantity


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look_through(derive(capsys, str(path)))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if place % 12 == 0 else SLOW) for place, name in enumerate(LAYERS)]
)
def test_standard_layers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    look_through(derive(capsys, name))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS[::2])
def test_models_of_the_package(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    look_through(derive(capsys, name, "--convention", "torch,ptflops"))


def test_a_number_that_was_searched(capsys: pytest.CaptureFixture[str]) -> None:
    answer = derive(capsys, str(ROOT / "tests" / "cases" / "dependences" / "residual_stack.arch"), "--at", "N=9")
    look_through(answer)
    # k = 5 reads two positions to each side: four layers from 0 to 8
    assert answer["models"][0]["quantities"]["path"]["value"] == 4


def test_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in EXAMPLES if path.parent.name == "table1"]
    answer = derive(capsys, *files, "--detail", "summary")
    look_through(answer)
    assert [Path(model["file"]).stem for model in answer["models"]] == [Path(file).stem for file in files]
    assert answer["comparison"]["title"] == "comparison"
    assert answer["crossovers"]["quantity"] == "macs"
    assert "comparison" not in derive(capsys, *files)


def test_what_was_verified(capsys: pytest.CaptureFixture[str]) -> None:
    answer = derive(capsys, str(ROOT / "examples" / "attention.arch"), "--verify")
    look_through(answer)
    verified = answer["models"][0]["verified"]
    assert verified["agreed"] == verified["figures"] > 0 and verified["copy"] is None
    assert all(set(sizes) == {"N", "D"} for sizes in verified["sizes"])


def test_conventions_of_tools(capsys: pytest.CaptureFixture[str]) -> None:
    answer = derive(capsys, "multi_head", "--at", "N=16", "D=8", "--convention", "torch,ptflops")
    look_through(answer)
    (model,) = answer["models"]
    assert model["convention"] == list(model["bills"]) == ["torch", "ptflops"]
    assert sum(row["value"] for row in model["bills"]["torch"]) == model["quantities"]["torch"]["value"]


NAMES = """\
dim N = 9, S = 4, E = 5 "positions", H' = 6, lambda = 2, Q as "\\hat{q}" = 3
ratio theta = 0.3
model m(x[E, H']):
    weight W[H', S], lost[lambda]
    y[e, s] = sum[i] x[e, i] * W[i, s]
    return y -> linear(ceil(theta*N)) -> linear(floor(log(N, lambda)) + Q)
quantity saving = macs(m) / params(m)
"""


def test_names_that_mean_something_else_in_sympy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.arch").write_text(NAMES, encoding="utf-8")
    answer = derive(capsys, str(tmp_path / "names.arch"))
    look_through(answer)
    (model,) = answer["models"]
    dims = {d["name"]: d for d in model["dims"]}
    assert {name: dims[name]["symbol"] for name in ("H'", "lambda", "S")} == {
        "H'": "H_prime",
        "lambda": "lambda_",
        "S": "S",
    }
    assert dims["Q"]["latex"] == r"\hat{q}" and dims["theta"]["value"] == 0.3 and dims["theta"]["kind"] == "ratio"
    # 6·4 weights in W, 2 that are lost; linear: 4·⌈0.3·9⌉ + 3 = 15, and 3·(⌊log₂ 9⌋ + 3) + 6 = 24
    assert model["quantities"]["params"]["value"] == 24 + 2 + 15 + 24
    # 5·(6·4 + 4·3 + 3·6)
    assert model["quantities"]["macs"]["value"] == 270
    assert model["quantities"]["saving"]["value"] == float(Fraction(270, 65))
    assert model["quantities"]["saving"]["unit"] is None


def test_numbers_that_are_too_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.arch"
    path.write_text(
        "dim N = 2, C = 3, n = 20000\nlayer f(x[..., C]):\n    return x -> linear(2*C)\n"
        "model m(x[N, C]):\n    repeat n:\n        x = x -> f\n    return x\n"
    )
    (model,) = derive(capsys, str(path))["models"]
    assert model["quantities"]["macs"]["value"] is None and model["quantities"]["macs"]["expr"]
    (model,) = derive(capsys, str(path), "--at", "n=100")["models"]
    # N·C·2C·(1 + 4 + 16 + …)
    assert model["quantities"]["macs"]["value"] == 36 * (4**100 - 1) // 3


# ---------------------------------------------------------------- documents


def every(node: object, member: str) -> Iterator[Any]:
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every(child, member)
    if isinstance(node, dict) and member in node:
        yield node[member]


def plain(text: list[dict[str, Any]]) -> str:
    return "".join(run["formula"]["unicode"] if "formula" in run else next(iter(run.values())) for run in text)


@pytest.mark.parametrize("detail", ["summary", "steps", "full"])
def test_a_document_is_what_the_other_formats_show(
    detail: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")  # so wide that no cell is wrapped
    path = str(ROOT / "examples" / "attention.arch")
    (model,) = derive(capsys, path, "--detail", detail, "--at", "N=100")["models"]
    document = model["document"]
    assert not complaints({"version": 1, "models": [model]})
    assert main([path, "--detail", detail, "--at", "N=100"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    squeezed = re.sub(r"[`\s]", "", shown)
    for block in document["blocks"]:
        match block["kind"]:
            case "heading" | "paragraph":
                texts = [block["text"]]
            case "bullets":
                texts = block["items"]
            case "table":
                texts = [block["caption"], *block["notes"], *(cell for row in block["rows"] for cell in row)]
            case "steps":
                texts = [[{"text": ""}, {"formula": step["right"]}] for step in block["steps"]]
            case "figure":
                texts = []
        for text in texts:
            assert re.sub(r"[`\s]", "", plain(text)) in squeezed, plain(text)
    steps = [step for block in document["blocks"] if block["kind"] == "steps" for step in block["steps"]]
    assert steps
    headings = [plain(block["text"]) for block in document["blocks"] if block["kind"] == "heading"]
    assert ("Derivation" in headings) == (detail != "summary")


def test_a_document_is_there_when_a_detail_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    (model,) = derive(capsys, "linear")["models"]
    assert "document" not in model
    with_document = derive(capsys, "linear", "--detail", "steps")["models"][0]
    assert {**model, "document": with_document["document"]} == with_document


def test_of_a_picture_the_words_are_given() -> None:
    picture = ad.load(ROOT / "examples" / "attention.arch").picture().picture
    document = Document("m", (Figure(picture, ("at ", Code("N"), " = ", integer(4)), anchor="seen"), Steps(())))
    data = document_data(document)
    validator = Draft202012Validator({"$ref": "#/$defs/document", "$defs": SCHEMA["$defs"]})
    assert validator.is_valid(data)
    four = {"formula": {"latex": "4", "unicode": "4"}}
    caption = [{"text": "at "}, {"code": "N"}, {"text": " = "}, four]
    assert data["blocks"] == [
        {"kind": "figure", "caption": caption, "anchor": "seen"},
        {"kind": "steps", "steps": []},
    ]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if place % 24 == 6 else SLOW) for place, name in enumerate(LAYERS) if place % 6 == 0],
)
def test_documents_of_standard_layers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not complaints(derive(capsys, name, "--detail", "full", "--convention", "macs,torch"))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS[::3])
def test_documents_of_models(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not complaints(derive(capsys, name, "--detail", "full", "--convention", "macs,torch"))


def test_words_hold_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doc = r"50% of {d} & #1 $5 ~ a^b <b>bold</b> | *star* 'single' \relax é 宽"
    (tmp_path / "m.arch").write_text(f'dim N\nmodel m(x[N]):\n    "{doc}"\n    return x\n', encoding="utf-8")
    (model,) = derive(capsys, str(tmp_path / "m.arch"), "--detail", "steps")["models"]
    assert model["doc"] == doc
    assert f"{doc}." in set(every(model["document"], "text") and every_word(model["document"]))


def every_word(document: dict[str, Any]) -> list[str]:
    return [text for text in every(document, "text") if isinstance(text, str)]


# ---------------------------------------------------------------- the schema


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def definitions() -> dict[str, dict[str, Any]]:
    return {SCHEMA["title"]: SCHEMA, **SCHEMA["$defs"]}


def test_every_member_is_described() -> None:
    for name, definition in definitions().items():
        assert definition["description"], name
        for member, form in definition.get("properties", {}).items():
            assert form.get("description"), f"{name}.{member}"
        if "properties" in definition:
            assert definition["additionalProperties"] is False, name


# Objects whose members have names of the file's, or are sizes by such names.
BY_NAME = {"options", "operations", "quantities", "bills", "combine", "work"}


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the objects with members of known names stand."""
    known = path[-1:] not in {(name,) for name in BY_NAME} and path[-2:-1] not in {("sizes",), ("followed",)}
    if isinstance(node, dict) and known:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(child, (*path, key))


def at(answer: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        answer = answer[key]
    return answer


def planted(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The answer with one member more, one less, and one of another type, in one object of every kind."""
    kinds = {(tuple(node), node.get("kind")): path for path in places(answer) for node in [at(answer, path)]}
    for path in kinds.values():
        changes: dict[str, Callable[[dict[str, Any]], object]] = {"one more": lambda node: node.update(another=1)}
        for member in at(answer, path):
            changes[f"{member} is missing"] = lambda node, member=member: node.pop(member)
            changes[f"{member} is of another type"] = lambda node, member=member: node.update({member: [None]})
        for optional in ("document", "comparison", "crossovers"):
            changes.pop(f"{optional} is missing", None)
        for what, change in changes.items():
            wrong = copy.deepcopy(answer)
            change(at(wrong, path))
            yield f"{path}: {what}", wrong


@pytest.mark.slow
def test_planted_faults_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    validator = Draft202012Validator(SCHEMA)
    answer = derive(capsys, "min_gru", "linear", "--detail", "steps", "--convention", "thop", "--verify")
    answer["models"] = answer["models"][:1]
    for document in (answer["models"][0]["document"], answer["comparison"]):
        document["blocks"] = list({block["kind"]: block for block in document["blocks"]}.values())
    assert validator.is_valid(answer)
    wrong = list(planted(answer))
    assert len(wrong) > 150
    assert [what for what, answer in wrong if validator.is_valid(answer)] == []


# ---------------------------------------------------------------- the manual


def type_of(form: dict[str, Any]) -> str:
    """The type of a member in words, with a link to what is described elsewhere."""
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        title = SCHEMA["$defs"][name]["title"]
        return f"[{title}](#{title})"
    if "anyOf" in form:
        return " or ".join(map(type_of, form["anyOf"]))
    values = [form["const"]] if "const" in form else form.get("enum", [])
    if values:
        return ", ".join(f"`{json.dumps(value)}`" for value in values)
    if form.get("type") == "array":
        return f"list of {type_of(form['items'])}"
    if form.get("type") == "object":
        return f"object of {type_of(form['additionalProperties'])}"
    return " or ".join([form["type"]] if isinstance(form["type"], str) else form["type"])


def section(definition: dict[str, Any]) -> str:
    """What the manual says of one kind of object."""
    lines = [f"### {definition['title']}", "", definition["description"], ""]
    if "oneOf" in definition:
        lines[2] += " " + ", ".join(map(type_of, definition["oneOf"])) + "."
    if "properties" in definition:
        lines += ["| member | type | what it is |", "|---|---|---|"]
        for member, form in definition["properties"].items():
            given = SCHEMA["$defs"][form["$ref"].rpartition("/")[2]]["description"] if "$ref" in form else ""
            lines.append(f"| `{member}` | {type_of(form)} | {form.get('description', given)} |")
        lines.append("")
    return "\n".join(lines)


def test_the_manual_has_every_member_of_the_schema(update_golden: bool) -> None:
    head, _, rest = PAGE.partition("## Members\n\n")
    _, _, tail = rest.partition("## Stability\n")
    members = "\n".join(map(section, definitions().values()))
    expected = f"{head}## Members\n\n{members}\n## Stability\n{tail}"
    if update_golden:
        MANUAL.write_text(expected, encoding="utf-8")
        return
    assert expected == PAGE, "pytest tests/test_json.py --update-golden writes the tables anew"


def test_the_example_of_the_manual(
    update_golden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ((name, text),) = ((name, text) for kind, name, text in blocks(PAGE) if kind == "arch")
    (shown,) = (text for kind, _, text in blocks(PAGE) if kind == "json")
    (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([name, "--json"]) == 0
    printed = capsys.readouterr().out
    if update_golden:
        MANUAL.write_text(MANUAL.read_text("utf-8").replace(f"```json\n{shown}```", f"```json\n{printed}```"), "utf-8")
        return
    assert shown == printed


def test_the_functions_of_the_manual_are_those_that_are_written() -> None:
    table = re.findall(r"`(\w+)\(", PAGE[PAGE.index("## Formulas") : PAGE.index("```python")])
    assert set(table) == READ.__globals__["FUNCTIONS"]
