"""Texts come out of files one by one, and what is broken is one line."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
from adaptation_cases import PUBTATOR, lines, small, written

from harmonize.adaptation.choice import HELD_OUT, TRAINED, choose
from harmonize.adaptation.kinds import Named, Names, names_of_file, names_of_union
from harmonize.adaptation.settings import chosen_settings
from harmonize.adaptation.text import Text, read_texts, text_files
from harmonize.errors import HarmonizeError, InputError, SpecError
from harmonize.union.documents import DocumentKey, StoredDocument, read_documents

LEFT_OUT = HELD_OUT + 1
NAMES = [Names("gene", "TP53"), Names("drug", "aspirin"), Names("chemical", "aspirin")]


def text(words: str, **values: object) -> Text:
    return Text(Path("a.txt"), 1, words, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.xz"])
def test_a_file_is_read_line_by_line_however_it_is_packed(tmp_path: Path, name: str) -> None:
    content = "first\nzweite mit \u2028 Umlaut ä\r\n\nthe last, without an end".encode()
    pack = {"a.txt": bytes, "a.txt.gz": gzip.compress, "a.txt.xz": lzma.compress}[name]
    (tmp_path / name).write_bytes(pack(content))
    found = list(read_texts([tmp_path / name]))
    assert [each.line for each in found] == [1, 2, 3, 4]
    assert [each.text for each in found] == [
        "first",
        "zweite mit \u2028 Umlaut ä",
        "",
        "the last, without an end",
    ]
    assert {each.mentions for each in found} == {None}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_an_article_of_pubtator_is_a_text(tmp_path: Path, pack: type[bytes]) -> None:
    path = tmp_path / "articles.pubtator"
    path.write_bytes(pack(PUBTATOR.encode()))
    first, second, third = read_texts([path])
    assert first == Text(
        path,
        1,
        "Aspirin and TP53. We gave aspirin to mice without this gene.",
        "1001",
        (("Chemical", "Aspirin"), ("Gene", "TP53")),
    )
    assert (second.line, third.pmid, third.mentions) == (6, "1003", ())


def test_a_folder_is_its_texts_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.txt", "a.pubtator.gz", "README.md", "c.txt.xz"):
        (tmp_path / name).touch()
    assert [file.name for file in text_files([tmp_path, tmp_path / "b.txt"])] == [
        "a.pubtator.gz",
        "b.txt",
        "c.txt.xz",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"text\n" * 99, mtime=0)[:-9], "broken: expected a whole archive"),
        (lzma.compress(b"text\n" * 99)[:-9], "broken: expected a whole archive"),
        (b"\xfd7zXZ\x00nothing", "broken: expected a whole archive"),
        (b"1|t|Title\n1\t0\t5\n", "broken:2: expected 5 or 6 or 7 columns"),
        (b"1|t|Title\n2\t0\t5\tTitle\tGene\t1\n", "broken:2: expected a line of document 1"),
        (b'<?xml version="1.0"?><collection>', "expected plain text or PubTator, got bioc-xml"),
        (b'{"documents": []}', "expected plain text or PubTator, got bioc-json"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "broken").write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        list(read_texts([tmp_path / "broken"]))
    assert "\n" not in str(error.value)


def test_a_text_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file or a folder with texts, found none"):
        text_files([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="expected files that end in"):
        text_files([tmp_path])


def test_every_text_in_is_a_text_out_or_dropped_for_a_reason(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", [*lines(40), "", "  ", "too few", *lines(3)])
    with path.open("ab") as file:
        file.write(b"four words and \xff more\n")
    account = choose(read_texts([path]), small(texts=30, held_out=6)).account()
    assert account == {
        "in": 47,
        "trained": 24,
        "held_out": 6,
        "dropped": {
            "not UTF-8": 1,
            "empty": 2,
            "too short": 1,
            "repeats another text": 3,
            "beyond the number asked for": 10,
        },
    }


def test_a_text_is_drawn_and_held_out_by_itself() -> None:
    """Whatever else is read, in whatever order and with whatever seed; a larger draw holds a smaller."""
    texts = [text(line) for line in lines(200)]
    fates = [
        dict(zip([each.text for each in order], choose(order, small(**values)).fates.tolist(), strict=True))
        for order, values in (
            (texts, {"held_out": 0.2}),
            (texts[::-1], {"held_out": 0.2, "seed": 7}),
            (texts, {"held_out": 0.2, "texts": 50}),
            (texts, {"held_out": 0.2, "texts": 100}),
        )
    ]
    assert fates[0] == fates[1]
    assert 20 < sum(fate == HELD_OUT for fate in fates[0].values()) < 60
    few, more = ({line for line, fate in each.items() if fate <= HELD_OUT} for each in fates[2:])
    assert len(few) == 50
    assert len(more) == 100
    assert few < more
    assert all(fates[2][line] == fates[0][line] for line in few)


@pytest.mark.parametrize(
    ("texts", "values", "message"),
    [
        (["one two three"], {}, "none of 1 is left .*dropped: 1 too short"),
        (lines(4), {"held_out": 4}, "expected texts to train on, none of 4 is left"),
        (lines(4), {"held_out": 1e-9}, "expected a text or more to measure on"),
    ],
)
def test_too_few_texts_are_one_line(texts: list[str], values: dict[str, float], message: str) -> None:
    with pytest.raises(HarmonizeError, match=message):
        choose([text(each) for each in texts], small(**values))


@pytest.mark.parametrize(
    ("about", "words", "mentions", "fate"),
    [
        ("gene", "the gene TP53 in many mice", None, TRAINED),
        ("gene", "aspirin is given to many mice", None, LEFT_OUT),
        ("chemical,gene", "aspirin acts on TP53 in mice", None, TRAINED),
        ("chemical,protein", "nothing but TP53 in any mouse", None, LEFT_OUT),
        # An article's own annotation has the word, where it has some.
        ("gene", "the gene TP53 in many mice", (("Chemical", "mice"),), LEFT_OUT),
        ("gene", "some unknown gene in all mice", (("SNP", "gene"),), TRAINED),
        ("gene", "the gene TP53 in many mice", (), TRAINED),
        ("drug", "aspirin is given to many mice", (("Chemical", "aspirin"),), TRAINED),
        ("drug", "water is given to many mice", (("Chemical", "water"),), LEFT_OUT),
        ("drug", "unheard is given to many mice", (("drug_n", "unheard"),), TRAINED),
    ],
)
def test_a_text_is_about_the_kinds_it_names(
    about: str, words: str, mentions: tuple[tuple[str, str], ...] | None, fate: int
) -> None:
    settings = small(about=about, held_out=1)
    kinds = Named(NAMES, settings.about)
    others = [
        text(f"aspirin and TP53 are named here as number {number}", mentions=None) for number in range(2)
    ]
    chosen = choose([*others, text(words, mentions=mentions)], settings, kinds=kinds)
    assert (chosen.fates[-1] > HELD_OUT) == (fate > HELD_OUT)
    assert chosen.account()["dropped"] == ({} if fate == TRAINED else {"not about what is asked for": 1})


def test_names_come_from_a_table_or_from_the_training_rows_of_a_set(
    tmp_path: Path, sample_union: Path
) -> None:
    path = written(tmp_path / "names.tsv", ["protein\tTP53", "drug\taspirin"])
    assert list(names_of_file(path)) == [Names("gene", "TP53"), Names("drug", "aspirin")]
    found = names_of_union(sample_union)
    assert {name.kind for name in found} == {"gene", "chemical", "drug", "disease"}
    assert len(found) == len(set(found)) > 50
    for line, message in (
        ("TP53", "names.tsv:2: expected a kind, a tab"),
        ("x\ty", "names.tsv:2: expected one"),
    ):
        written(path, ["gene\tTP53", line])
        with pytest.raises(InputError, match=message):
            list(names_of_file(path))


def test_a_name_that_is_mostly_another_word_is_none(
    sample_union: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(each for each in names_of_union(sample_union) if each.kind == "disease")
    unmarked = [
        StoredDocument(DocumentKey("biored", split, f"made {number}"), None, f"A {name.text}, yes.", ())
        for split, count in (("train", 90), ("test", 90))
        for number in range(count)
    ]
    for count, is_kept in ((0, True), (180, False)):
        documents = [*read_documents(sample_union), *unmarked[:count]]
        monkeypatch.setattr("harmonize.adaptation.kinds.read_documents", lambda _, held=documents: held)
        assert (name in names_of_union(sample_union)) == is_kept


def test_plain_text_without_names_cannot_be_told_apart() -> None:
    with pytest.raises(InputError, match=r"a\.txt:1: expected PubTator annotation, or names of kind gene"):
        Named([], ["gene"])(text("any text at all"))


def test_faults_of_settings_are_told_at_once() -> None:
    with pytest.raises(SpecError, match=r"adapt: about: expected one of .*got 'genes'; held_out: .*1\.5"):
        chosen_settings({"encoder": "tiny", "about": "genes", "held_out": 1.5})
