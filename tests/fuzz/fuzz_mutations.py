"""Ways to make worse input out of good input, for the fuzzer: some know the format, some do not.

A file's name says what is known of it. Everything is drawn from one random.Random, so that a seed and a
number give the same input again.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import lru_cache
from random import Random
from typing import Any

import yaml

__all__ = ["Files", "mutated", "mutated_bytes"]

Files = dict[str, bytes]
"""A whole input: file below a folder -> its bytes."""

Change = Callable[[Random, bytes], bytes]

LARGEST = 1 << 16  # of a mutated file, unless it is swollen on purpose
SWOLLEN = (1 << 18, 1 << 18, 1 << 18, 3 << 19)

TOKENS = [
    b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x1f", b"\x7f", b"\xef\xbb\xbf",
    "\u2028".encode(), "\u2029".encode(), "\u0085".encode(), "\u00a0".encode(), "\u200b".encode(),
    "\ufffe".encode(), "\U0010ffff".encode(), "İ".encode(), "ß".encode(), "ﬁ".encode(), "e\u0301".encode(),
    "α".encode(), "٣".encode(), "²".encode(), "𝟘".encode(), b"\xed\xa0\x80", b"\xed\xb2\x80", b"\xff",
    b"\xff\xfe", b"\xc0\xaf", b"\xe9", b"\x81", b"\xf4\x90\x80\x80", b"|", b"||", b";", b",", b"-", b"-1",
    b"'",
    b'"', b'""', b"\\", b"(", b")", b"((", b"[", b"]", b"{", b"}", b" ", b"  ", b"   ", b".", b"..", b"/",
    b"%s",
    b"{0}", b"&", b"<", b">", b"|t|", b"|a|", b"tmVar:", b"CorrespondingGene:", b"MESH:", b"PA1", b" (PA1)",
    b"None", b"null", b"NA", b"*", b"#", b"=", b":", b"!/", b"../",
]  # fmt: skip
NUMBERS = [
    b"", b"-1", b"-0", b"0", b"1", b"00", b"+1", b" 1", b"1 ", b"1.0", b"1.5", b"1e5", b"1e-5", b"1e999",
    b"NaN",
    b"inf", b"0x10", b"1_0", b"2147483647", b"2147483648", b"4294967296", b"999999999", b"1000000000",
    b"9223372036854775808", b"-9223372036854775809", "٣".encode(), "１".encode(), "²".encode(), "𝟘".encode(),
    b"1" * 20, b"9" * 400, b"9" * 4300, b"9" * 4301, b"1,2", b"1;2", b"1-2", b"2-1", b"1-2,4-5", b"1-2;4-5",
]  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")


def mutated(random: Random, files: Files, others: Sequence[Files], fixed: frozenset[str]) -> Files:
    """An input with one of its files damaged, now and then two.

    Args:
        others: good inputs of the same reader, to splice with.
        fixed: files that stay as they are.
    """
    names = [name for name in files if name not in fixed]
    damaged = dict(files)
    for name in {random.choice(names) for _ in range(1 if random.random() < 0.9 else 2)}:
        fellows = [other[name] for other in others if name in other] or [files[name]]
        damaged[name] = mutated_bytes(random, name, files[name], fellows)
    return damaged


def mutated_bytes(random: Random, name: str, data: bytes, fellows: Sequence[bytes]) -> bytes:
    """A file's bytes with one damage or several."""
    changes, whole = _changes_of(name), data
    for _ in range(_count(random)):
        change = random.choice(changes if random.random() < 0.8 else _BLIND)
        data = _spliced(random, data, random.choice(fellows)) if change is _splice else change(random, data)
    if data == whole:  # the change found nothing to change
        data = _insert_token(random, data)
    if len(data) > LARGEST:
        data = data[:LARGEST]
    if random.random() < 0.002:
        data = _swollen(random, data, (1 << 15,) if name.endswith(".yaml") else SWOLLEN)
    return data


def _count(random: Random) -> int:
    count = 1
    while count < 6 and random.random() < 0.35:
        count += 1
    return count


def _cut(random: Random, data: bytes) -> tuple[int, int]:
    """A short part of the data."""
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((0, 1, 1, 2, 4, 8, 16, 64)))


# Any bytes


def _flip_bit(random: Random, data: bytes) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _set_byte(random: Random, data: bytes) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([random.choice((0, 255, 10, 9, random.randrange(256)))]) + data[at + 1 :]


def _insert_bytes(random: Random, data: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.randbytes(random.choice((1, 2, 4, 16))) + data[at:]


def _delete_part(random: Random, data: bytes) -> bytes:
    start, end = _cut(random, data)
    return data[:start] + data[end:]


def _repeat_part(random: Random, data: bytes) -> bytes:
    start, end = _cut(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 50, 500)) + data[end:]


def _truncate(random: Random, data: bytes) -> bytes:
    return data[: random.randint(0, len(data))]


def _behead(random: Random, data: bytes) -> bytes:
    return data[random.randint(0, len(data)) :]


def _append(random: Random, data: bytes) -> bytes:
    return data + random.choice((b"\n", b"\0" * 512, b"{}", b"<a/>", random.randbytes(8), data))


def _splice(random: Random, data: bytes) -> bytes:
    raise NotImplementedError("needs a fellow; see mutated_bytes")


def _spliced(random: Random, data: bytes, other: bytes) -> bytes:
    """The start of one file and the end of another, at line ends or anywhere."""
    if random.random() < 0.5:
        mine, theirs = _LINE.findall(data), _LINE.findall(other)
        return b"".join(mine[: random.randint(0, len(mine))] + theirs[random.randint(0, len(theirs)) :])
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _swollen(random: Random, data: bytes, sizes: Sequence[int]) -> bytes:
    """A part of the file over and over, for readers that take more than linear time."""
    size = random.choice(sizes)
    start, end = _cut(random, data)
    lines = _LINE.findall(data)
    kind = random.random()
    if kind < 0.3 and lines:
        at = random.randrange(len(lines))
        return b"".join([*lines[:at], lines[at] * (size // len(lines[at])), *lines[at:]])
    if kind < 0.5:
        piece = data
    else:
        piece = random.choice((data[start:end], *(random.choice(TOKENS) for _ in range(3))))
    return data[:start] + piece * (size // max(len(piece), 1)) + data[start:]


# Any text


def _insert_token(random: Random, data: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(TOKENS) + data[at:]


def _replace_with_token(random: Random, data: bytes) -> bytes:
    start, end = _cut(random, data)
    return data[:start] + random.choice(TOKENS) + data[end:]


def _other_number(random: Random, data: bytes) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    number = random.choice(found)
    if random.random() < 0.4 and len(number[0]) < 10:
        new = str(int(number[0]) + random.choice((-1, 1, 2, -2, 10, 1000))).encode()
    else:
        new = random.choice(NUMBERS)
    return data[: number.start()] + new + data[number.end() :]


def _other_encoding(random: Random, data: bytes) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "utf-7"))
    return data.decode("utf-8", errors="replace").encode(encoding, errors="replace")


def _other_line_ends(random: Random, data: bytes) -> bytes:
    return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"", "\u2028".encode())))


# Lines with columns


def _with_lines(change: Callable[[Random, list[bytes]], None]) -> Change:
    def changed(random: Random, data: bytes) -> bytes:
        lines = _LINE.findall(data)
        if lines:
            change(random, lines)
        return b"".join(lines)

    return changed


def _delete_line(random: Random, lines: list[bytes]) -> None:
    del lines[random.randrange(len(lines))]


def _repeat_line(random: Random, lines: list[bytes]) -> None:
    at = random.randrange(len(lines))
    lines[at:at] = [lines[at]] * random.choice((1, 1, 2, 40))


def _move_line(random: Random, lines: list[bytes]) -> None:
    line = lines.pop(random.randrange(len(lines)))
    lines.insert(random.randint(0, len(lines)), line)


def _blank_line(random: Random, lines: list[bytes]) -> None:
    lines.insert(random.randint(0, len(lines)), random.choice((b"\n", b" \n", b"\t\n", b"\r\n", b"\x0c\n")))


def _other_columns(random: Random, lines: list[bytes]) -> None:
    at = random.randrange(len(lines))
    line = lines[at].rstrip(b"\n")
    end = lines[at][len(line) :]
    separators = [separator for separator in (b"\t", b",", b"|", b";", b" ") if separator in line]
    if not separators:
        return
    separator = separators[0] if random.random() < 0.7 else random.choice(separators)
    columns = line.split(separator)
    one, other = random.randrange(len(columns)), random.randrange(len(columns))
    kind = random.randrange(6)
    if kind == 0:
        del columns[one]
    elif kind == 1:
        columns.insert(other, columns[one])
    elif kind == 2:
        columns[one], columns[other] = columns[other], columns[one]
    elif kind == 3:
        columns[one] = random.choice(NUMBERS)
    elif kind == 4:
        columns[one] = random.choice((b"", random.choice(TOKENS), columns[one] + random.choice(TOKENS)))
    else:
        columns[one] = b'"' + columns[one] + b'"'
    lines[at] = separator.join(columns) + end


# XML

_ENTITIES = "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "lol" * 5}">' for number in range(9)
).encode()
_DOCTYPES = [
    b"", b'[<!ENTITY e "Title">]', b'[<!ENTITY e "<x/>">]', b'[<!ENTITY e "&e;">]',
    b'[<!ENTITY e "&f;"><!ENTITY f "&e;">]', b'[<!ENTITY e SYSTEM "file:///etc/hostname">]',
    b'SYSTEM "BioC.dtd"', b'SYSTEM "file:///dev/zero"', b'[<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]',
    b'PUBLIC "-//X//Y" "http://127.0.0.1:1/x.dtd" [<!ENTITY e "x">]', b"[" + _ENTITIES + b"]",
    b'[<!ENTITY e "' + b"x" * 20_000 + b'">]', b'[<!ENTITY e "\xed\xa0\x80">]',
    b'[<!ATTLIST document id CDATA "1">]', b'[<!ATTLIST sentence text CDATA #FIXED "">]', b"[<!ENTITY e>]",
    b'[<!ENTITY e SYSTEM "x" NDATA y>]', b'[<!ELEMENT document (#PCDATA)><!ENTITY e "&#38;#60;x>">]',
]  # fmt: skip
_REFERENCES = [
    b"&e;", b"&e;" * 2000, b"&l8;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"&#x110000;", b"&#65;", b"&nbsp;",
    b"&lt;",
    b"&amp;amp;", b"&;", b"&#;", b"<![CDATA[<x>]]>", b"<!-- -- -->", b"<!-- c -->", b"<?pi x?>",
    b"<?xml version='1.0'?>",
    b"<x/>", b"<x xmlns='u'>", b"</x>", b"<a:b/>", b"<text/>", b"<!DOCTYPE x>", b"]]>", b"<id/>",
]  # fmt: skip
_DECLARATIONS = [
    b"", b"<?xml version='1.0' encoding='UTF-8'?>", b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml version='1.0' encoding='latin-1'?>", b"<?xml version='1.0' encoding='x-none'?>",
    b"<?xml version='1.0' encoding='UTF-7'?>", b"<?xml version='1.0' encoding='EBCDIC-CP-US'?>",
    b"<?xml version='1.1'?>", b"<?xml version='9'?>", b"<?xml?>", b"<?xml version='1.0' standalone='yes'?>",
    b"\n<?xml version='1.0'?>", b"\xef\xbb\xbf<?xml version='1.0'?>", b"\xff\xfe",
]  # fmt: skip
_XML_TOKEN = re.compile(rb"<[^<>]*>|[^<]+|<")
_XML_START = re.compile(rb"<([A-Za-z_][\w:.-]*)")
_XML_ATTRIBUTE = re.compile(rb"""\s([\w:.-]+)=("[^"]*"|'[^']*')""")
_DEPTHS = (2, 10, 250, 257, 1000, 5000)


def _xml_tokens(random: Random, data: bytes) -> bytes:
    tokens = _XML_TOKEN.findall(data)
    if not tokens:
        return data
    one, other = random.randrange(len(tokens)), random.randrange(len(tokens))
    kind = random.randrange(4)
    if kind == 0:
        del tokens[one]
    elif kind == 1:
        tokens.insert(other, tokens[one])
    elif kind == 2:
        tokens[one], tokens[other] = tokens[other], tokens[one]
    else:
        tokens.insert(one, random.choice(_REFERENCES))
    return b"".join(tokens)


def _xml_element(random: Random, data: bytes) -> bytes:
    """Delete, repeat or move an element with all that is in it."""
    starts = list(_XML_START.finditer(data))
    if not starts:
        return data
    start = random.choice(starts)
    tag = re.escape(start[1])
    match = re.compile(rb"<%b\b[^<>]*(?:/>|>(?s:.*?)</%b>)" % (tag, tag)).match(data, start.start())
    if match is None:
        return data
    kind = random.randrange(4)
    if kind == 0:
        return data[: match.start()] + data[match.end() :]
    if kind == 1:
        return data[: match.end()] + match[0] * random.choice((1, 2, 30)) + data[match.end() :]
    place = random.choice(starts).start()
    if kind == 2:
        return data[:place] + match[0] + data[place:]
    other = random.choice(starts)[1]
    return data[: start.start(1)] + other + data[start.end(1) :]


def _xml_attribute(random: Random, data: bytes) -> bytes:
    found = list(_XML_ATTRIBUTE.finditer(data))
    if not found:
        return data
    one = random.choice(found)
    name, value = one[1], one[2][1:-1]
    kind = random.randrange(6)
    if kind == 0:
        new = b""
    elif kind == 1:
        new = one[0] * 2
    elif kind == 2:
        new = b' %b="%b"' % (random.choice(found)[1], value)
    elif kind == 3:
        new = b' %b="%b"' % (name, random.choice(found)[2][1:-1])
    elif kind == 4:
        new = b' %b="%b"' % (name, random.choice((b"", *NUMBERS)))
    else:
        new = b' %b="%b"' % (name, value + random.choice(_REFERENCES[:10] + TOKENS))
    return data[: one.start()] + new + data[one.end() :]


def _xml_head(random: Random, data: bytes) -> bytes:
    """Another declaration and document type before the root element, and a reference to its entity."""
    root = _XML_START.search(data)
    if root is None:
        return data
    body = data[root.start() :]
    doctype = random.choice(_DOCTYPES)
    if random.random() < 0.7:
        body = _xml_reference(random, body, random.choice(_REFERENCES[:3]))
    declared = b"<!DOCTYPE %b %b>" % (root[1], doctype) if random.random() < 0.8 else b""
    return random.choice(_DECLARATIONS) + declared + body


def _xml_reference(random: Random, data: bytes, reference: bytes) -> bytes:
    places = [match.end() for match in re.finditer(rb"""=["']|>(?=[^<\s])""", data)]
    if not places:
        return data
    at = random.choice(places)
    return data[:at] + reference + data[at:]


def _xml_depth(random: Random, data: bytes) -> bytes:
    starts = list(_XML_START.finditer(data))
    if not starts:
        return data
    start, depth = random.choice(starts), random.choice(_DEPTHS)
    tag = random.choice((start[1], b"x", random.choice(starts)[1]))
    closing = b"</%b>" % tag * depth if random.random() < 0.8 else b""
    return data[: start.start()] + b"<%b>" % tag * depth + closing + data[start.start() :]


# JSON

_RAW = {
    f"@{number}@": raw
    for number, raw in enumerate(
        [
            "NaN", "-Infinity", "1e999", "-0", "9" * 4299, "9" * 4300, "9" * 4301, "[" * 100_000,
            '{"a":' * 5_000,
            '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '{"a":1,"a":2}', "{[1]:2}", "{1:2}",
            '{{"a":1}:2}', "'a'",
            "tru", "", ",", "[,]", "[1,]", '"\t"', "1.5", "-1", "0x1", "/*c*/1", "2147483648", '"\\x"',
            '{"documents":[{"passages":[]}]}', '{"PubTator3":[]}', '"a',
        ]
    )
}  # fmt: skip
_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 7, 1.5, "", "a", "0", "-1", "title", "abstract", "Gene", [], {}, [[]],
    [None],
    [0], ["a"], {"": None}, {"a": "b"}, {"type": "title"}, {"type": None}, 10**30, " ", "a\nb", "\u2028",
]  # fmt: skip


def _json(random: Random, data: bytes) -> bytes:
    try:
        value = json.loads(data)
        for _ in range(random.choice((1, 1, 2, 3))):
            value = _other_value(random, value)
        return _dumped(random, value)
    except (ValueError, RecursionError):  # no JSON, or nested too deep to take apart again
        return _insert_token(random, data)


def _dumped(random: Random, value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    for mark, raw in _RAW.items():
        if mark in text:
            text = text.replace(f'"{mark}"', raw)
    return text.encode("utf-8", errors="surrogatepass")


def _place(random: Random, value: Any) -> tuple[Any, Any] | None:
    """(container, key) of something in a JSON value, at any depth; None if it is no container."""
    found = None
    while isinstance(value, (dict, list)) and value:
        key = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
        found, value = (value, key), value[key]
        if random.random() < 0.2:
            break
    return found


def _new_value(random: Random, old: Any) -> Any:
    kind = random.randrange(6)
    if kind == 0:
        return random.choice(list(_RAW))
    if kind == 1 and random.random() < 0.2:
        return _nested(random)
    if kind == 2:
        return random.choice(([old], {"a": old}, {"type": old}, str(old)[:100], [old, old]))
    return deepcopy(random.choice(_VALUES))


def _nested(random: Random) -> Any:
    depth = random.choice((3, 60, 900, random.randint(930, 995)))
    mapping = random.random() < 0.5
    value: Any = 0
    for _ in range(depth):
        value = {"a": value} if mapping else [value]
    return value


def _other_value(random: Random, value: Any) -> Any:
    place = _place(random, value)
    if place is None:
        return _new_value(random, value)
    container, key = place
    kind = random.randrange(6)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, list):
        container[key:key] = [container[key]] * random.choice((1, 2, 30))
    elif kind == 1:
        container[random.choice(("", "a", "type", "id", "text", "documents", "infons"))] = container.pop(key)
    elif kind == 2:
        other = _place(random, value)
        container[key] = deepcopy(other[0][other[1]]) if other is not None else None
    else:
        container[key] = _new_value(random, container[key])
    return value


# YAML

_YAML_PIECES = [
    b"!!python/object:os.system x", b"&a [*a]", b"*nowhere", b"!!binary x", b"!!binary '%%'", b"2001-13-45",
    b"2001-01-01 25:61:61", b"!!timestamp x", b"!!int x", b"!!float x", b"!!bool x", b"!!set {a, b}",
    b"!!omap x",
    b"!!null x", b".inf", b".nan", b"0b", b"0o8", b"0x", b"190:20:30", b"? [a]", b"? {a: b}\n: c", b"<<: 1",
    b"<<: [1]", b"<<: {a: b}", b"- a", b"[", b"{", b"]", b"}", b"[" * 3000, b"{a: " * 1500, b"'", b'"',
    b"|\n", b">\n",
    b"%YAML 9.9\n---\n", b"---\n", b"...\n", b"\t", b"@", b"`", b"!", b"!<x>", b"&", b"*", b"~", b"yes",
    b"no", b"=",
    b'"\\ud800"', b'"\\x00"', b"\x00", b"\x85", b"[[], {}]", b"{[1]: 2}", b"1e999", b"9" * 4301, b"../x",
    b"x" * 300, b"a\x00b", b"/etc", b"b.yaml", b"",
    b"&a [x,x,x,x,x,x,x]\ny: &b [*a,*a,*a,*a,*a,*a,*a]\nz: &c [*b,*b,*b,*b,*b,*b]\nw: [*c,*c,*c,*c,*c]",
]  # fmt: skip
_YAML_VALUE = re.compile(rb"(?<=: )[^\n]+|(?<=- )[^\n]+")
_YAML_KEY = re.compile(rb"[\w\"'.-]+(?=:)")


@lru_cache(256)
def _yaml_value(data: bytes) -> Any:
    try:
        return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is damaged enough
        return None


def _yaml_types(random: Random, data: bytes) -> bytes:
    """Another value somewhere, written as JSON, which is YAML."""
    value = _yaml_value(data)
    if not isinstance(value, dict):
        return _insert_token(random, data)
    try:
        return _dumped(random, _other_value(random, deepcopy(value)))
    except (TypeError, ValueError, RecursionError):  # a date, or something nested too deep
        return _insert_token(random, data)


def _yaml_piece(random: Random, data: bytes) -> bytes:
    found = list((_YAML_VALUE if random.random() < 0.7 else _YAML_KEY).finditer(data))
    if not found:
        return data + random.choice(_YAML_PIECES)
    one = random.choice(found)
    return data[: one.start()] + random.choice(_YAML_PIECES) + data[one.end() :]


def _yaml_indent(random: Random, data: bytes) -> bytes:
    lines = _LINE.findall(data)
    if lines:
        at = random.randrange(len(lines))
        lines[at] = random.choice((b" ", b"  ", b"- ", b"\t", b"? ", b"# ")) + lines[at]
    return b"".join(lines)


# Archives


def _gzip(random: Random, data: bytes) -> bytes:
    """Damage what is in it, or how it is packed."""
    try:
        inner = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return _flip_bit(random, data)
    kind = random.randrange(8)
    if kind == 0:
        return data + random.choice((data, b"\0" * 10, b"x", b"\x1f\x8b"))
    if kind == 1:
        return data[:10] + zlib.compress(inner)
    if kind == 2:
        return gzip.compress(data, 1, mtime=0)
    start = inner[257:262] == b"ustar"
    name = "a.tar" if start else "a.xml" if inner[:1] == b"<" else "a.json" if inner[:1] in b"{[" else "a.txt"
    return gzip.compress(mutated_bytes(random, name, inner, [inner]), 1, mtime=0)


_MEMBER_NAMES = [
    "../x.xml", "/x.xml", "a\\b.xml", "", "/", ".xml", "a/./b.xml", "x" * 300 + ".xml", "\x00.xml", "α.xml",
    "a\nb.xml",
    "//x.xml", "C:/x.xml", "a/../b.xml", "\u2028.xml",
]  # fmt: skip
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def _zip(random: Random, data: bytes) -> bytes:
    """Other members, or members with other content, in a whole archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is damaged enough
        return _zip_header(random, data)
    if not members:
        return data
    at = random.randrange(len(members))
    name, content = members[at]
    kind = random.randrange(6)
    if kind == 0:
        members[at] = (random.choice(_MEMBER_NAMES), content)
    elif kind == 1:
        members[at] = (name.rpartition("/")[0] + "/" + random.choice(_MEMBER_NAMES), content)
    elif kind == 2:
        members.append((name, random.choice((content, b""))))
    elif kind == 3:
        del members[at]
    else:
        members[at] = (name, mutated_bytes(random, name, content, [content]))
    return _zipped(members, random.choice(_COMPRESSIONS) if random.random() < 0.1 else zipfile.ZIP_STORED)


def _zipped(members: Sequence[tuple[str, bytes]], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive._didModify = True  # type: ignore[attr-defined]
            info = zipfile.ZipInfo(name or "x")
            if name in archive.NameToInfo:
                archive.NameToInfo.pop(name)  # else it warns of the name that is there twice
            archive.writestr(info, content, compress_type=compression)
    return buffer.getvalue()


def _zip_header(random: Random, data: bytes) -> bytes:
    """A byte in one of the zip's headers, where sizes, flags and offsets stand."""
    places = [match.start() for match in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    if not places:
        return _flip_bit(random, data)
    at = min(len(data) - 1, random.choice(places) + random.randrange(48))
    return data[:at] + bytes([random.choice((0, 1, 8, 255, random.randrange(256)))]) + data[at + 1 :]


_TAR_FIELDS = ((0, 100), (100, 8), (108, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (345, 155))
_TAR_VALUES = (
    b"", b"7" * 11, b"-1", b"\x80" + b"\0" * 10 + b"\x05", b"\xff" * 12, b"x", b"\0", b"0", b"1", b"2",
    b"5", b"K",
    b"L", b"S", b"V", b"g", b"x", b"00000000000", b"\xed\xa0\x80", b"../x",
)  # fmt: skip


def _tar(random: Random, data: bytes) -> bytes:
    """Another value in a header, with the header's sum made good again."""
    places = [match.start() - 257 for match in re.finditer(rb"ustar", data) if match.start() >= 257]
    if not places:
        return _flip_bit(random, data)
    at = random.choice(places)
    header = bytearray(data[at : at + 512].ljust(512, b"\0"))
    start, length = random.choice(_TAR_FIELDS)
    header[start : start + length] = random.choice(_TAR_VALUES)[:length].ljust(length, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return data[:at] + bytes(header) + data[at + 512 :]


def _tar_content(random: Random, data: bytes) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = [(m.name, archive.extractfile(m).read()) for m in archive if m.isfile()]  # type: ignore[union-attr]
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is damaged enough
        return _tar(random, data)
    buffer = io.BytesIO()
    chosen = random.randrange(len(members)) if members else 0
    with tarfile.open(
        fileobj=buffer, mode="w", format=random.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    ) as archive:
        for number, (name, content) in enumerate(members):
            if number == chosen:
                content = mutated_bytes(random, name, content, [content])
                name = random.choice((name, name, "α" * 80, "x" * 200))
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _footer(random: Random, data: bytes) -> bytes:
    """A byte in the footer of a Parquet file, which says what and where everything is."""
    if len(data) < 12:
        return data
    length = min(int.from_bytes(data[-8:-4], "little"), len(data) - 8)
    at = len(data) - 8 - random.randint(0, length)
    if random.random() < 0.1:
        at = len(data) - random.randint(1, 8)
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


_BLIND: tuple[Change, ...] = (
    _flip_bit, _flip_bit, _set_byte, _insert_bytes, _delete_part, _repeat_part, _truncate, _behead, _append,
    _splice,
)  # fmt: skip
_TEXT: tuple[Change, ...] = (
    _insert_token, _insert_token, _replace_with_token, _other_number, _other_number, _other_encoding,
    _other_line_ends,
)  # fmt: skip
_LINES: tuple[Change, ...] = (
    *_TEXT, *map(_with_lines, (_delete_line, _repeat_line, _move_line, _blank_line)),
    *[_with_lines(_other_columns)] * 6, _splice,
)  # fmt: skip
_XML: tuple[Change, ...] = (
    *_TEXT, *[_xml_tokens] * 4, *[_xml_element] * 4, *[_xml_attribute] * 5, _xml_head, _xml_head, _xml_depth,
    _splice,
)  # fmt: skip
_JSON: tuple[Change, ...] = (*_TEXT, *[_json] * 12)
_YAML: tuple[Change, ...] = (
    *_TEXT, *[_yaml_types] * 6, *[_yaml_piece] * 8, _yaml_indent, _with_lines(_delete_line),
    _with_lines(_move_line), _with_lines(_repeat_line), _splice,
)  # fmt: skip
_KINDS: dict[str, tuple[Change, ...]] = {
    "xml": _XML,
    "json": _JSON,
    "yaml": _YAML,
    "gz": (*[_gzip] * 6, _flip_bit, _truncate),
    "zip": (*[_zip] * 6, *[_zip_header] * 3, _truncate),
    "tar": (*[_tar] * 4, *[_tar_content] * 4, _truncate),
    "parquet": (*[_footer] * 5, _flip_bit, _truncate, _splice),
    "sqlite": (_flip_bit, _set_byte, _truncate),
}


def _changes_of(name: str) -> tuple[Change, ...]:
    return _KINDS.get(name.rpartition(".")[2].casefold(), _LINES)
