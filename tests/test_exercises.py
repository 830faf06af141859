"""Exercises: a file with its costs left blank out, and what `--check` says of answers without giving them away.

Attention, N positions of width D, with biases. Vaswani et al. 2017, section 3.2: four matrices of D x D (queries, keys,
values, output) and their four biases of D, so 4D² + 4D parameters; each matrix takes ND² multiply-adds, scores and
their use N²D each, so 4ND² + 2N²D.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import archderive
import pytest
from archderive import gallery, library
from archderive.agreement import agree
from archderive.algebra.expression import Expr
from archderive.cli import main
from archderive.elaborator.describe import written
from archderive.errors import ArchError, Source
from archderive.exercises import ASKED, Exercise, make
from archderive.marking import marks
from archderive.parser import parse
from archderive.printer import print_file
from archderive.session import Session, open_path, open_source
from consoles import blocks, commands, shown

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "exercises.md").read_text("utf-8")
FREE = ("dropout", "identity")  # cost nothing: there is nothing to ask
LAYERS = [name for name in library.index() if name not in FREE]
MODELS = [file.stem for file in gallery.files()]
VARIANTS = ["vit_l_32", "gpt2_xl", "resnet50", "swin_b_384", "mobilenet_v3_small", "densenet_bc_190_40", "llama2_7b"]
FEW = ["attention", "conv2d", "lstm", "linear", "gpt2"]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command: its status and all that it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.err + said.out

    return run


# ---------------------------------------------------------------- the files


def opened(text: str) -> Session:
    return open_source(Source("exercise.arch", text))


def test_what_attention_is_asked(run: Run) -> None:
    status, text = run("--exercise", "attention")
    assert status == 0
    assert [line.strip() for line in text.splitlines() if line.startswith("    expect")] == [
        "expect params == ???",
        "expect macs == ???",
        "expect sequential == ???",
        "expect path == ???",
    ]
    assert 'exercise "attention"\n' in text and "derive attention.arch --check" in text
    for layer in ("attention", "attend", "head_projection", "linear"):
        assert f"\nlayer {layer}(" in text
    assert "    S[..., g, r, n, m] = sum[a] q[..., g, r, n, a] * k[..., g, m, a] / sqrt(A)\n" in text


def test_the_answers_of_attention(run: Run) -> None:
    _, text = run("--exercise", "attention", "--solution", "-o", "solved.arch")
    assert text == ""
    solved = Path("solved.arch").read_text("utf-8")
    assert "expect params == 4*D^2 + 4*D\n" in solved
    assert "expect macs == 4*D^2*N + 2*D*N^2\n" in solved
    assert "expect path == 1\n" in solved
    status, said = run("solved.arch", "--check")
    assert status == 0 and said.endswith("4 of 4 answers are right\n")


@pytest.mark.parametrize("name", FEW)
def test_an_exercise(name: str) -> None:
    check_exercise(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in (*LAYERS[::4], *MODELS[::3], *VARIANTS) if name not in FEW])
def test_every_exercise(name: str) -> None:
    check_exercise(name)


def check_exercise(name: str) -> None:
    """It parses, costs the same, says nothing of its costs, and its solution is right."""
    exercise = make(name)
    text = exercise.questions(f"{name}.arch")
    assert print_file(parse(Source("printed", print_file(parse(Source("text", text))))))
    session, solved = opened(text), opened(exercise.solution())
    assert session.exercise and not session.warnings
    check_costs(name, session)
    check_silence(exercise, text)
    assert {mark.state for mark in marks(session, session.measures())} == {"open"}
    found = marks(solved, solved.measures())
    assert [mark.expect.span.text for mark in found if mark.state != "right"] == []
    assert len(found) == text.count("== ???")


def check_costs(name: str, session: Session) -> None:
    """What has a closed form in the original has the same one in the exercise."""
    original = open_path(name)
    layer = original.source.name == f"<{name}>"
    costs = original.measures()
    for program, measures in session.measures().items():
        before = costs[program.removesuffix("_exercise") if layer else program]
        for quantity in ASKED:
            one, other = before.quantity(quantity), measures.quantity(quantity)
            if not one.unknown and one.number is None:
                assert (one.expr, one.infinite) == (other.expr, other.infinite), quantity
                assert one.bound or not other.bound, "at example values a bound may be known to be met"


def check_silence(exercise: Exercise, text: str) -> None:
    """No answer stands in a comment, a text or an `expect` line, and no number of costs."""
    lines = re.findall(r"^ *expect .*$", text, re.MULTILINE)
    assert all(line.endswith("== ???") for line in lines)
    spoken = "\n".join(re.findall(r'"[^"\n]*"|#[^\n]*', text))
    assert not re.search(r"\d{5,}|\d[MBG]\b|O\(|variant|quantity", spoken)
    for asked in exercise.asked.values():
        for answer in asked.values():
            assert len(answer) < 4 or answer not in spoken


@pytest.mark.parametrize("name", FREE)
def test_what_costs_nothing_is_not_asked(name: str) -> None:
    with pytest.raises(ArchError, match="no costs that could be asked for"):
        make(name)


USER = """\
use "blocks.arch"
# this has 12*T*C^2
dim T, W = 16 "steps", C = 6 "width, 12M parameters"
let Q = 2*C "double"
quantity adam = 16*params

layer mine(x[..., C]; k = 3):     # costs a lot
    "C^2 multiply-adds at each position"
    weight A[C, C]
    y[..., o] = sum[i] x[..., i] * A[i, o]   # N*C^2
    return y

model user(x[T, C]; depth = 4):
    "my net"
    repeat depth:
        x = x -> bottleneck(2) -> mine
    expect macs in O(T*C^2*depth)
    quantity half = macs/2
    variant deep(depth = 12, C = 8) "two million":
        expect params == 4
    return x -> linear(W)

model other(x[T, C]):
    return x -> wide
"""
BLOCKS = """\
dim N = 8, D = 4

layer bottleneck(x[..., I]; M):
    return x -> linear(M) -> relu -> linear(I)

layer wide(x[..., I]):
    return x -> linear(D) -> linear(I)

model any(x[N, D]):
    return x -> wide
"""


@pytest.fixture
def files(tmp_path: Path) -> None:
    (tmp_path / "blocks.arch").write_text(BLOCKS, encoding="utf-8")
    (tmp_path / "user.arch").write_text(USER, encoding="utf-8")


def test_a_file_of_ones_own(run: Run, files: None) -> None:
    status, text = run("--exercise", "user.arch", "-o", "asked.arch")
    assert (status, text) == (0, "")
    asked = Path("asked.arch").read_text("utf-8")
    assert "derive asked.arch --check" in asked
    for gone in ("12*T", "12M", "multiply-adds at", "adam", "half", "O(", "deep", "million", "a lot", "N*C^2"):
        assert gone not in asked
    # `linear` has a tensor W of its own, and W is a size of the file; `wide` reads a size of the other file
    assert "weight W'[I, O]" in asked and "layer bottleneck(" in asked
    assert 'use "blocks.arch"' in asked and "layer wide(" not in asked
    status, text = run("asked.arch", "--check")
    assert status == 1 and text.endswith("0 of 6 answers are right, 6 to be filled in\n")
    run("--exercise", "user.arch", "--solution", "-o", "solved.arch")
    assert run("solved.arch", "--check")[0] == 0


def test_one_model_at_other_values(run: Run, files: None) -> None:
    _, text = run("--exercise", "user.arch", "--model", "deep", "--at", "T=99")
    assert 'dim T = 99 "steps", W = 16 "steps", C = 8\n' in text
    assert "model deep(x[T, C]; depth = 12):" in text and "model other" not in text
    assert "derive user_exercise.arch --check" in text, "it does not take the name of the file itself"
    _, text = run("--exercise", "attention", "--at", "heads=8", "N=77")
    assert "attention(x, heads = 8)" in text and "dim N = 77 " in text
    _, text = run("--exercise", "mlp", "--at", "bias=false", "act=gelu")
    assert "mlp(x, act = gelu, bias = false)" in text


def test_a_layer_that_would_be_another_one_is_used_by_its_name(run: Run) -> None:
    """`mlp` applies the standard `linear`, and the file has one of its own: 8D² + 5D and D² parameters."""
    text = (
        "dim N = 8, D = 4\nlayer linear(x[..., I]; O):\n    weight W[I, O]\n"
        "    y[..., o] = sum[i] x[..., i] * W[i, o]\n    return y\n"
        "model m(x[N, D]):\n    return x -> mlp -> linear(D)\n"
    )
    Path("m.arch").write_text(text, encoding="utf-8")
    run("--exercise", "m.arch", "-o", "asked.arch")
    asked = Path("asked.arch").read_text("utf-8")
    assert "layer mlp" not in asked and asked.count("layer linear(") == 1
    assert "# What is applied here and not written out below is shown by\n#\n#     derive --source mlp\n" in asked
    run("--exercise", "m.arch", "--solution", "-o", "solved.arch")
    assert "expect params == 9*D^2 + 5*D\n" in Path("solved.arch").read_text("utf-8")
    assert run("solved.arch", "--check")[0] == 0


def test_in_python() -> None:
    text = archderive.exercise("attention")
    assert archderive.exercise("attention", solution=True).count("???") == 0
    assert text.count("== ???") == 4 and archderive.parse(text).name == "attention_exercise"


# ---------------------------------------------------------------- answers

PROJECTIONS = "`y` of `head_projection` ({y[..., g, n, a] = sum}), `y` of `linear` ({y[..., o] = sum})"
PRODUCTS = "`S` of `attend` ({S[..., g, r, n, m] = sum}), `y` of `attend` ({y[..., g, r, n, b] = sum})"
BIASES = "`b` of `head_projection` ({weight b[G, A]}), `b` of `linear` ({weight b[O]})"
GROWTH = "this says how fast it grows; the exact formula is asked, with every term and coefficient: `expect macs == …`"
MADE_OF = "stands for what is derived; an answer is made of numbers and sizes: `N`, `D`"
LONGEST = "`sequential` is the longest chain of dependent equations and steps"
FEWEST = "`path` is the most, over pairs of positions, of the fewest layers that mix positions on a route between them"
# What is answered, and all that is said of it; None where it is right. {…} is the line that begins so.
ANSWERS: dict[str, list[str] | None] = {
    "macs == 4*N*D^2 + 2*N^2*D": None,
    "macs == 2*N*D*(N + 2*D)": None,
    "macs == 8*N*D^2/2 + (N + N)*N*D": None,
    "macs at (N = 1, D = 1) == 6": None,
    "params == 4*D*(D + 1)": None,
    # once, and not for every position
    "macs == 4*N*D^2 + 2*N*D": [
        "1 of 2 terms is right: `4*D^2*N`",
        "`2*D*N` lacks a factor: how often is it done?",
    ],
    # twice what it is
    "macs == 8*N*D^2 + 4*N^2*D": [
        "did you count the FLOPs (`flops`, two for each multiply-add)? The multiply-adds (`macs`) are asked",
    ],
    # the output projection is forgotten
    "macs == 3*N*D^2 + 2*N^2*D": [
        "1 of 2 terms is right: `2*D*N^2`",
        f"the coefficient of `D^2*N` is too small: look at {PROJECTIONS}",
    ],
    # the scores, and not their use
    "macs == 4*N*D^2 + N^2*D": [
        "1 of 2 terms is right: `4*D^2*N`",
        f"the coefficient of `D*N^2` is too small: look at {PRODUCTS}",
    ],
    "macs == 4*N*D^2": ["1 of 2 terms is right: `4*D^2*N`", f"one term is missing: look at {PRODUCTS}"],
    "macs == 4*N*D^2 + 2*N^2*D + N^2": [
        "2 of 2 terms are right: `4*D^2*N`, `2*D*N^2`",
        "`N^2` is one too many: nothing here makes such a term",
    ],
    "macs == 2*D^2 + D": [
        "none of the 2 terms is right",
        "`2*D^2` is one too many: nothing here makes such a term",
        "`D` is one too many: nothing here makes such a term",
        f"one term is missing: look at {PROJECTIONS}",
        f"one term is missing: look at {PRODUCTS}",
    ],
    "macs == 4*D^2 + 2*N*D": ["every term lacks one and the same factor: how often is it done?"],
    "macs == 4*N^2*D^2 + 2*N^3*D": ["every term has one and the same factor too many"],
    "macs == 2*N*D^2 + N^2*D": ["every term is too small, by one and the same factor"],
    "macs == 12*N*D^2 + 6*N^2*D": ["every term is too large, by one and the same factor"],
    "macs == O(N^2*D)": [GROWTH],
    "macs in O(N^2*D + N*D^2)": [GROWTH],
    "macs <= 8*N*D^2 + 4*N^2*D": ["this is a bound; the exact formula is asked: `expect macs == …`"],
    # 4 * 128 * 256^2 + 2 * 128^2 * 256, twice that, and neither
    "macs == 41943040": [
        "the number is right at the example values (D = 256, N = 128); the formula is asked, for all sizes"
    ],
    "macs == 83886080": [
        "a formula is asked, for all sizes; and at the example values (D = 256, N = 128) the number is another one",
        "did you count the FLOPs (`flops`, two for each multiply-add)? The multiply-adds (`macs`) are asked",
    ],
    "macs == 7": [
        "a formula is asked, for all sizes; and at the example values (D = 256, N = 128) the number is another one",
    ],
    "macs at (N = 1, D = 1) == 5": ["the number is another one"],
    "macs == macs": [f"`macs` {MADE_OF}"],
    "macs == 2*N*D*(N + flops/N)": [f"`flops` {MADE_OF}"],
    "params == 4*D^2": ["1 of 2 terms is right: `4*D^2`", f"one term is missing: look at {BIASES}"],
    "params == 3*D*(D + 1) + D^2": [
        "multiplied out, yours is `4*D^2 + 3*D`",
        "1 of 2 terms is right: `4*D^2`",
        f"the coefficient of `D` is too small: look at {BIASES}",
    ],
    "params == 16*D^2 + 16*D": [
        "did you count the parameter memory in bytes (`bytes`)? The parameters (`params`) are asked",
    ],
    "sequential == 11": ["yours is too small", LONGEST],
    "sequential == N": ["it is the same whatever the sizes", LONGEST],
    "path == inf": ["it is finite", FEWEST],
    "path == 2": ["yours is too large", FEWEST],
}


@pytest.fixture(scope="module")
def attention() -> str:
    return make("attention").questions("attention.arch")


@pytest.mark.slow
@pytest.mark.parametrize("answer", ANSWERS)
def test_answers(answer: str, attention: str, run: Run) -> None:
    quantity = answer.split()[0]
    Path("attention.arch").write_text(attention.replace(f"{quantity} == ???", answer), encoding="utf-8")
    status, said = run("attention.arch", "--check")
    assert status == 1, "the others are open"
    words = ANSWERS[answer]
    lines = said.splitlines()
    first = next(n for n, line in enumerate(lines) if f"expect {answer}" in line)
    says = "right" if words is None else "not yet"
    assert re.fullmatch(rf"attention\.arch:\d+: {says}: expect {re.escape(answer)}", lines[first])
    remarks = [line.removeprefix("    ") for line in lines[first + 1 :] if line.startswith("    ")]
    assert remarks == [re.sub(r"\{(.*?)\}", lambda found: line_of(attention, found[1]), word) for word in words or []]


def line_of(text: str, start: str) -> str:
    """`line 12` for the one line that begins so."""
    (number,) = (n for n, line in enumerate(text.splitlines(), start=1) if line.strip().startswith(start))
    return f"line {number}"


@pytest.mark.parametrize("name", ["attention", "gru", "retention", "separable2d"])
def test_no_term_is_given_away(name: str) -> None:
    """With one term left out or with another coefficient, no remark has that term."""
    text = make(name).questions(f"{name}.arch")
    (measures,) = opened(text).measures().values()
    answers: list[str] = []
    secrets: list[str] = []
    for quantity in ("params", "macs"):
        derived = measures.quantity(quantity).expr
        assert derived is not None
        for monomial, coefficient in derived.terms.items():
            for wrong in (0, coefficient + 1, coefficient * 3):
                terms = {**derived.terms, monomial: wrong}
                answer = written(Expr({m: c for m, c in terms.items() if c}))
                answers.append(f"    expect {quantity} == {answer}\n")
                own = bool(wrong) and coefficient == 1  # then the term is named, as the answer's own
                secrets.append("?" if own else written(Expr({monomial: coefficient})))
    text = re.sub(r"    expect .*\n", "", text)
    head, model, body = text.rpartition("\nmodel ")
    line, _, rest = body.partition("\n")
    again = opened(f"{head}{model}{line}\n{''.join(answers)}{rest}")
    found = marks(again, again.measures())
    assert len(found) == len(secrets) >= 6
    for mark, secret in zip(found, secrets, strict=True):
        assert mark.state == "wrong" and mark.remarks
        assert f"`{secret}`" not in " ".join(mark.remarks)


def test_a_mistake_in_an_answer_is_told_where_it_stands(attention: str, run: Run) -> None:
    Path("attention.arch").write_text(attention.replace("macs == ???", "macs == 4*M*D^2"), encoding="utf-8")
    status, said = run("attention.arch", "--check")
    assert status == 1 and "error: `M` is neither a size nor a quantity" in said and "D^2*N" not in said


def test_the_answers_on_request(attention: str, run: Run) -> None:
    text = attention.replace("macs == ???", "macs == 3*N*D^2 + 2*N^2*D").replace("path == ???", "path == 1")
    Path("attention.arch").write_text(text, encoding="utf-8")
    status, said = run("attention.arch", "--check", "--solution")
    assert status == 1
    assert "    solution: expect params == 4*D^2 + 4*D\n" in said
    assert "    solution: expect macs == 4*D^2*N + 2*D*N^2\n" in said
    assert "solution: expect path" not in said
    assert said.endswith("1 of 4 answers are right, 2 to be filled in\n")


def test_a_hole_in_any_other_file(run: Run) -> None:
    text = "dim N, D\nmodel m(x[N, D]):\n    expect params == ???\n    expect macs == N*D\n    return x -> linear(D)\n"
    Path("m.arch").write_text(text, encoding="utf-8")
    status, said = run("m.arch", "--check")
    assert status == 1
    assert "m.arch:3: to be filled in: expect params == ???\n" in said and "D^2 + D" not in said
    assert "note: derived:  D^2*N" in said, "a claim that does not hold is told in full"
    assert said.endswith("0 of 2 expectations hold, 1 to be filled in\n")
    assert "    solution: expect params == D^2 + D\n" in run("m.arch", "--check", "--solution")[1]


def test_formulas_that_are_not_sums_of_products() -> None:
    """⌈H/2⌉ and ⌊(H + 1)/2⌋ are the same number; ⌊H/2⌋ is not."""
    text = (
        "exercise\ndim H = 9, C = 4\nmodel pooled(x[H, C]):\n    expect macs == floor((H + 1)/2)*C^2\n"
        "    expect macs == ceil(H/2)*C^2\n    expect macs == floor(H/2)*C^2\n"
        "    return x -> maxpool1d(2) -> linear(C, bias = false)\n"
    )
    session = opened(text)
    found = marks(session, session.measures())
    assert [mark.state for mark in found] == ["right", "right", "wrong"]  # a pool makes ⌈H/2⌉ rows
    measures = session.measures()["pooled"]
    macs = measures.macs.expr
    assert macs is not None and agree(macs, macs, measures.program) and not agree(macs, macs * 2, measures.program)


# ---------------------------------------------------------------- mistakes of the command


USAGE = {
    "atention": "`atention` is neither a file nor a standard layer or model\nhint: did you mean `attention`?",
    "linear other": "`--exercise` takes one name\nhint: `derive --exercise other`",
    "linear --at Q=3": "`linear` has no axis or option `Q`",
    "linear --model m": "`linear` is a standard layer, and has no models\nhint: drop `--model`",
}


@pytest.mark.parametrize("arguments", USAGE)
def test_usage(arguments: str, run: Run) -> None:
    assert run("--exercise", *arguments.split()) == (2, f"error: {USAGE[arguments]}\n")


def test_a_solution_of_nothing(run: Run) -> None:
    status, said = run("attention", "--solution")
    assert status == 2
    assert said == "error: `--solution` gives the answers of an exercise\nhint: `derive FILE --check --solution`\n"


def test_the_file_that_it_is_made_of_is_spared(run: Run, files: None) -> None:
    for name, text in (("user.arch", USER), ("blocks.arch", BLOCKS)):
        status, said = run("--exercise", "user.arch", "-o", name)
        assert status == 2 and "would be overwritten" in said and Path(name).read_text("utf-8") == text


def test_the_derivation_of_an_exercise_is_the_solution(attention: str, run: Run) -> None:
    """Step by step, and without the answers that were given: nobody has published them."""
    Path("attention.arch").write_text(attention.replace("macs == ???", "macs == 12345*N"), encoding="utf-8")
    status, said = run("attention.arch")
    assert status == 0 and "12345" not in said and "2N²D + 4ND²" in said


# ---------------------------------------------------------------- docs/exercises.md


def test_the_page(run: Run) -> None:
    """Its commands in their order; a block of `expect` lines changes these lines of the file that it names."""
    asked = 0
    for kind, name, content in blocks(PAGE):
        if kind == "arch" and content.startswith("    expect"):
            text = Path(name).read_text("utf-8")
            for line in content.splitlines():
                quantity = line.split()[1]
                text, changed = re.subn(rf"^    expect {quantity} .*$", line, text, flags=re.MULTILINE)
                assert changed == 1
            Path(name).write_text(text, encoding="utf-8")
        elif kind == "arch":
            Path(name).write_text(content, encoding="utf-8")
        else:
            for command, output in commands(f"```console\n{content}```\n"):
                _, said = run(*shlex.split(command)[1:])
                assert re.fullmatch(shown(output), said), said
                asked += 1
    assert asked >= 9


def test_the_solution_of_a_question_of_growth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # by hand: N D² + N² D, of which neither goes
    path = tmp_path / "growth.arch"
    lines = ["exercise", "dim N = 8, D = 4", "model m(x[N, D]):", "    return x -> attention(bias = false)"]
    path.write_text(
        "\n".join([*lines, "    expect macs in ???", ""]).replace("    return", "    y =", 1) + "    return y\n",
        "utf-8",
    )
    assert main([str(path), "--check", "--solution"]) == 1
    said = capsys.readouterr().out
    assert "solution: expect macs in Theta(" in said
    answer = said.partition("solution: ")[2].partition("\n")[0]
    path.write_text(path.read_text("utf-8").replace("expect macs in ???", answer), "utf-8")
    assert main([str(path), "--check"]) == 0
