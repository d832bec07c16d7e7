"""A page as its forms, its words and its skeleton: for sending and reading back texts."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

_TYPED = {"text", "search", "tel", "url", "email", "password", "number"}
_LEADS = {"href", "src", "action", "formaction", "xlink:href", "hx-get", "hx-post"}
_SAFE = {"", "http", "https", "mailto", "tel"}
_SILENT = {"script", "style"}

Attributes = dict[str, str]


@dataclass(slots=True)
class Control:
    """A field of a form, as a browser would send it."""

    name: str
    kind: str  # the type of an input, else the tag
    value: str
    sent: bool = True
    invalid: bool = False

    @property
    def is_typed(self) -> bool:
        return self.kind == "textarea" or self.kind in _TYPED


@dataclass(slots=True)
class SeenForm:
    """A form of a page."""

    method: str
    action: str
    controls: list[Control] = field(default_factory=list)

    def control(self, name: str) -> Control:
        return next(one for one in self.controls if one.name == name)

    def values(self) -> dict[str, list[str]]:
        """What a browser would send if nothing were changed."""
        found: dict[str, list[str]] = {}
        for one in self.controls:
            if one.sent:
                found.setdefault(one.name, []).append(one.value)
        return found


class SeenPage(HTMLParser):
    """Forms, texts, attributes, and the skeleton: tags with the names of attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[SeenForm] = []
        self.skeleton: Counter[str] = Counter()
        self.texts: list[str] = []
        self.attributes: list[str] = []
        self.hazards: list[str] = []
        self._area: Control | None = None
        self._options: list[tuple[str, bool]] | None = None
        self._select: tuple[str, bool] = ("", False)
        self._silent = False
        self._form: SeenForm | None = None
        self._text: list[str] = []
        self.feed(page)
        self.close()
        self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        given = {name: value or "" for name, value in attrs}
        self.skeleton[" ".join([tag, *sorted(given)])] += 1
        self.attributes += given.values()
        self._look_for_hazards(tag, given)
        self._silent = tag in _SILENT
        if tag == "form":
            method = given.get("method", "get").lower()
            self._form = SeenForm(method, given.get("action", ""))
            self.forms.append(self._form)
        elif self._form is not None:
            self._begin_control(tag, given)

    def _look_for_hazards(self, tag: str, given: Attributes) -> None:
        for name, value in given.items():
            handler = name.startswith("on")
            leads = name in _LEADS and _scheme(value) not in _SAFE
            if handler or leads:
                self.hazards.append(f"<{tag} {name}={value[:80]!r}>")

    def _begin_control(self, tag: str, given: Attributes) -> None:
        name = given.get("name", "")
        invalid = "is-invalid" in given.get("class", "").split()
        if tag == "input" and name:
            kind = given.get("type", "text")
            ticked = kind not in {"checkbox", "radio"} or "checked" in given
            self._add(Control(name, kind, given.get("value", ""), ticked, invalid))
        elif tag == "textarea":
            self._area = Control(name, tag, "", invalid=invalid)
        elif tag == "select":
            self._options, self._select = [], (name, invalid)
        elif tag == "option" and self._options is not None:
            self._options.append((given.get("value", ""), "selected" in given))

    def _add(self, control: Control) -> None:
        if self._form is not None:
            self._form.controls.append(control)

    def handle_endtag(self, tag: str) -> None:
        text = self._flush()
        self._silent = False
        if tag == "textarea" and self._area is not None:
            self._area.value = text
            self._add(self._area)
            self._area = None
        elif tag == "select" and self._options is not None:
            name, invalid = self._select
            first = self._options[0][0] if self._options else ""
            chosen = next((value for value, is_on in self._options if is_on), first)
            self._add(Control(name, tag, chosen, invalid=invalid))
            self._options = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_comment(self, data: str) -> None:
        self._flush()
        self.skeleton[f"!-- {data} --"] += 1

    def _flush(self) -> str:
        """The text since the last tag."""
        text = "".join(self._text)
        self._text.clear()
        if text and not self._silent:
            self.texts.append(text)
        return text

    def says(self, value: str) -> bool:
        """Whether a text or an attribute holds it, blanks aside."""
        wanted = squeezed(value)
        return any(wanted in squeezed(one) for one in [*self.texts, *self.attributes])

    def says_exactly(self, value: str) -> bool:
        """Whether one text is this and nothing else, outer blanks aside."""
        return value in [one.strip() for one in self.texts]


def squeezed(text: str) -> str:
    """With single blanks."""
    return " ".join(text.split())


def _scheme(address: str) -> str:
    """As a browser reads it: blanks and control characters do not count."""
    plain = "".join(c for c in address if c > " ")
    try:
        return urlsplit(plain).scheme
    except ValueError:
        return ""


def rule_of(app: Flask, action: str) -> str:
    """The rule that a form's address belongs to; «» where there is none."""
    urls = app.url_map.bind("localhost")
    try:
        rule, _ = urls.match(urlsplit(action).path, method="POST", return_rule=True)
    except HTTPException:
        return ""
    return str(rule)
