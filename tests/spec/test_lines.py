from __future__ import annotations

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from loadstone.spec.lines import Path, locate


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    """Every path of a document, the slow and obvious way."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


EVERYTHING = '''# a comment = "x"
a = 1 # b = 2
"quoted \\u00e9.key" . 'x y' = """
[not.a.header]
\\""" still "" in
"""
lit = \'\'\'
it''s = 'here'
\'\'\'
array = [ 1, # one
  "]", [ 2,
  3 ],
  { k = "}", l.m = [4] },
]
date = 1979-05-27 07:32:00
[t] # table
x = 'a # b'
[[list]]
x = { a = 1, b = { c = 2 } }
[list.sub]
y = 1
[[list.inner]]
z = 1
[[list.inner]]
z = 2
[[list]]
[ list . sub ]
y = 2
[deep.er.still]
'''


def test_every_path_of_every_kind_of_key_has_its_line() -> None:
    lines = locate(EVERYTHING)
    assert set(lines) == set(paths(tomllib.loads(EVERYTHING)))
    expected: dict[Path, int] = {
        ("a",): 2, ("quoted é.key", "x y"): 3, ("lit",): 7, ("array",): 10, ("array", 0): 10, ("array", 1): 11,
        ("array", 2, 0): 11, ("array", 2, 1): 12, ("array", 3, "l", "m", 0): 13, ("date",): 15, ("t",): 16,
        ("t", "x"): 17, ("list",): 18, ("list", 0, "x", "b", "c"): 19, ("list", 0, "sub", "y"): 21,
        ("list", 0, "inner", 0): 22, ("list", 0, "inner", 1, "z"): 25, ("list", 1): 26, ("list", 1, "sub", "y"): 28,
        ("deep", "er", "still"): 29,
    }  # fmt: skip
    assert {path: lines[path] for path in expected} == expected


def test_lines_may_end_in_cr_lf() -> None:
    text = EVERYTHING.replace("\n", "\r\n")
    assert locate(text) == locate(EVERYTHING)


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,3}", fullmatch=True),
    st.text("ab.\"#]=' {é", max_size=4).map(lambda text: '"' + text.replace('"', '\\"') + '"'),
    st.text('ab."#]= {', max_size=4).map(lambda text: f"'{text}'"),
)
DOTTED = st.lists(KEYS, min_size=1, max_size=3).flatmap(
    lambda keys: st.sampled_from([".", " . "]).map(lambda dot: dot.join(keys))
)
PIECES = st.text("ab'#]}={,\n", max_size=6)
TEXTS = st.one_of(
    PIECES.map(lambda text: f'"""{text}"""'),
    PIECES.map(lambda text: f'"""{text}\\""""""'),
    PIECES.map(lambda text: f'"""{text}"" """'),
    PIECES.map(lambda text: f"'''{text.replace(chr(39), '')}'''"),
    PIECES.map(lambda text: '"' + text.replace("\n", '\\n\\"') + '"'),
    PIECES.map(lambda text: "'" + text.replace("\n", "").replace("'", '"') + "'"),
)
SCALARS = st.one_of(st.sampled_from(["1", "-2.5e3", "true", "inf", "1979-05-27 07:32:00Z", "07:32:00"]), TEXTS)
GAPS = st.sampled_from(["", " ", "\n", " # ]}\"'\n", "\n\n  "])


def _array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.tuples(GAPS, inner, GAPS).map("".join)
    return st.tuples(st.lists(item, max_size=3).map(",".join), GAPS).map(lambda pair: f"[{pair[0]}{pair[1]}]")


def _inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(DOTTED, inner).map(" = ".join), max_size=3).map(lambda pairs: f"{{ {', '.join(pairs)} }}")


VALUES = st.recursive(SCALARS, lambda inner: _array(inner) | _inline(inner), max_leaves=6)
STATEMENTS = st.one_of(
    st.tuples(DOTTED, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    DOTTED.map(lambda keys: f"[{keys}]"),
    DOTTED.map(lambda keys: f"[[{keys}]]"),
    st.sampled_from(["", "# [x] = 'y'", "  "]),
)


@given(st.lists(STATEMENTS, max_size=8))
def test_the_scanner_finds_what_tomllib_reads(statements: list[str]) -> None:
    text = ""
    for statement in statements:  # keep what makes a document with what stands before it
        try:
            tomllib.loads(f"{text}{statement}\n")
        except tomllib.TOMLDecodeError:
            continue
        text += f"{statement}\n"
    lines = locate(text)
    assert set(lines) == set(paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") for line in lines.values())


@given(st.lists(STATEMENTS, max_size=6))
def test_a_line_above_moves_every_line_by_one(statements: list[str]) -> None:
    text = "\n".join(statements)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert locate(f"# above\n{text}") == {path: line + 1 for path, line in locate(text).items()}
