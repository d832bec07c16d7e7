"""Taxonomy: keys and keywords that may be there only once."""

from collections.abc import Iterator

from config import values
from config.document import Document
from config.problems import Problem
from config.reading import as_type, below, plain, texts, word
from config.yaml_tree import Node, Settings


def check_taxonomy(document: Document, root: Node) -> Iterator[Problem]:
    """Group keys once, tag keys once per group, subtag keys and keywords once at all."""
    groups: dict[str, int] = {}
    subtags: dict[str, int] = {}
    keywords: dict[str, tuple[str, int]] = {}
    for group in below(root, "groups"):
        yield from _key_once(document, group, groups)
        tags: dict[str, int] = {}
        for tag in below(group, "tags"):
            yield from _key_once(document, tag, tags)
            for subtag in below(tag, "subtags"):
                yield from _key_once(document, subtag, subtags)
                yield from _keywords_once(document, subtag, keywords)


def _key_once(
    document: Document, node: Settings, lines: dict[str, int]
) -> Iterator[Problem]:
    scalar = plain(node, "key")
    if scalar is None:
        return
    if first := lines.get(scalar.text):
        yield document.problem("key_twice", scalar, key=scalar.text, first=first)
    lines.setdefault(scalar.text, document.line(scalar))


def _keywords_once(
    document: Document, subtag: Settings, seen: dict[str, tuple[str, int]]
) -> Iterator[Problem]:
    for scalar in texts(subtag.value("keywords")):
        if (keyword := as_type(values.read_keyword, scalar)) is None:
            continue
        folded = values.folded(keyword)
        if folded in seen:
            other, first = seen[folded]
            yield document.problem(
                "keyword_twice", scalar, keyword=keyword, subtag=other, first=first
            )
        seen.setdefault(folded, (word(subtag, "key"), document.line(scalar)))
