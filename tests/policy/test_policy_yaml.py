"""Hostile YAML: what is refused, and where it points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.yaml_text import Mapping, Scalar, Sequence, plain, read_yaml
from tests.policy.folders import Folder


def faults(text: str) -> list[str]:
    _, problems = read_yaml(text, "p.yaml")
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2\n", "p.yaml:2:1: `a` is here twice; keep one of them (the first is in line 1)"),
        ("a: &x 1\n", "p.yaml:1:4: an anchor, `&x`; remove it: anchors are not read"),
        ("a: 1\nb: *x\n", "p.yaml:2:4: an alias, `*x`; write the value out: aliases are not read"),
        ('a: !!python/object/apply:os.system ["true"]\n', "p.yaml:1:4: a tag, "),
        ("a: !secret 1\n", "p.yaml:1:4: a tag, `!secret`; remove it: tags are not read"),
        (
            "a: 1\n---\nb: 2\n",
            "p.yaml:2:1: a second document begins here; one file, one document: remove `---`",
        ),
        ("? [a]\n: 1\n", "p.yaml:1:3: a key that is not text; write a word and a colon"),
        ("? {a: b}\n: 1\n", "p.yaml:1:3: a key that is not text; write a word and a colon"),
        ("a:\n\tb: 1\n", "p.yaml:2:1: a tab stands in the indentation; indent with spaces"),
        ("\ufeffa: 1\n", "p.yaml:1:1: the file begins with a byte order mark; save it as UTF-8 without BOM"),
        ("%YAML 1.1\n---\na: no\n", "p.yaml:2:1: a directive stands before the document"),
        ("%TAG ! tag:example.com,2026:\n---\na: no\n", "p.yaml:2:1: a directive stands before the document"),
        ("a: [1, 2\n", "p.yaml:2:1: not YAML: "),
        (
            "a: b\x00\n",
            "p.yaml:1:1: the file holds a character that YAML does not allow; remove control characters",
        ),
        ('a: "\\U00110000"\n', "p.yaml:1:1: an escape names no character; write the character itself"),
        ('a: "\\ud800"\n', "p.yaml:1:4: an escape names half a character; write the character itself"),
    ],
)
def test_what_plain_yaml_would_let_pass_is_refused_with_its_place(text: str, fault: str) -> None:
    assert [found for found in faults(text) if found.startswith(fault)], faults(text)


def test_twenty_thousand_brackets_are_dropped_at_depth_twenty() -> None:
    assert faults("[" * 20_000) == [
        "p.yaml:1:21: nested deeper than 20; nothing here needs that; make it flatter",
    ]


def test_depth_twenty_itself_is_read() -> None:
    assert faults("[" * 20 + "]" * 20) == []


def test_an_alias_bomb_is_never_walked() -> None:
    bomb = "a: &a [x,x]\n" + "".join(
        f"{c}: &{c} [*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    root, problems = read_yaml(bomb, "p.yaml")
    assert root is not None
    assert len(problems) == 9 + 16


def test_a_file_of_more_than_a_mebibyte_is_not_read() -> None:
    assert faults("a: " + "x" * (1 << 20)) == [
        "p.yaml:1:1: the file is larger than 1 MiB; split it; one policy needs a few kB"
    ]


def test_every_value_is_the_text_that_was_written() -> None:
    text = "on: yes\ntime: 22:30\noctal: 017\nnothing:\nday: 2026-12-07\nhex: 0x10\nnull: ~\nfloat: .inf\n"
    root, problems = read_yaml(text, "p.yaml")
    assert problems == []
    assert root is not None
    assert plain(root) == {
        "on": "yes",
        "time": "22:30",
        "octal": "017",
        "nothing": "",
        "day": "2026-12-07",
        "hex": "0x10",
        "null": "~",
        "float": ".inf",
    }


def test_a_merge_key_is_a_key_like_any_other() -> None:
    root, problems = read_yaml("<<: {a: b}\n", "p.yaml")
    assert problems == []
    assert isinstance(root, Mapping)
    assert list(root.keys) == ["<<"]


def test_nodes_know_their_places() -> None:
    root, _ = read_yaml("a:\n  - b\n  - {c: d}\n", "p.yaml")
    assert isinstance(root, Mapping)
    items = root.values["a"]
    assert isinstance(items, Sequence)
    assert (items.items[1].line, items.items[1].column) == (3, 5)


def test_an_empty_document_is_an_empty_word_and_an_empty_file_is_nothing() -> None:
    assert read_yaml("", "p.yaml") == (None, [])
    assert read_yaml("# only a comment\n", "p.yaml") == (None, [])
    assert isinstance(read_yaml("---\n", "p.yaml")[0], Scalar)


@given(
    st.text(
        alphabet=st.sampled_from("ab:-[]{}&*!|>'\"\\#%@`?,\n\t \ufeff\x00\x85\u2028u0U\ud800"), max_size=40
    )
)
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    root, problems = read_yaml(text, "p.yaml")
    if root is not None:
        plain(root)
    for problem in problems:
        assert problem.where.startswith("p.yaml:")


def test_hostile_files_in_a_folder_are_each_reported(folder: Folder) -> None:
    folder.write("orders.yaml", "title: a\ntitle: b\n")
    folder.write("second.yaml", "x: &a 1\n")
    folder.write("third.yaml", "[" * 1000)
    places = [fault.split(": ")[0] for fault in folder.faults()]
    assert "orders.yaml:2:1" in places
    assert "second.yaml:1:4" in places
    assert places.count("third.yaml:1:21") == 1
