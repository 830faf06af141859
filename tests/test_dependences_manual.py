"""docs/dependences.md says what is so: every example holds, and what it claims of the trap."""

from __future__ import annotations

import re
from pathlib import Path

import archderive as ad
import pytest
from archderive.errors import Source
from archderive.session import open_source

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "dependences.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```arch\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", BLOCKS, ids=[re.findall(r"^model (\w+)", text, re.MULTILINE)[0] for text in BLOCKS])
def test_what_the_page_claims(text: str) -> None:
    session = open_source(Source("model.arch", text))
    checks = session.check(session.measures())
    assert [check.diagnostic().format() for check in checks if not check.holds] == []
    assert len(checks) == len(re.findall(r"^ +expect ", text, re.MULTILINE))


def test_a_dense_softmax_is_not_causal() -> None:
    (text,) = [block for block in BLOCKS if "model trap" in block]
    model = ad.parse(text)
    assert model.causal is False
    assert "reads positions up to the last one" in model.reason("causal")
    # with the range on the left of the scores every read is of what comes before
    mended = text.replace("S[n, m] =", "S[n, m in 0..n] =").replace("sum[m in 0..n]", "sum[m]")
    assert ad.parse(mended).causal is True
