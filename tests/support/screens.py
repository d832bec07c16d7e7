"""Looking at a page as a browser shows it: what may not be there, as sentences.

``Looked`` gathers what a page does while it loads (policy, requests, console);
``faults`` asks the finished page, axe-core included. Nothing is put into the page's
files: axe is the copy that set-up has installed for the tests.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import permission_table
from flask import Flask

from crm_web import i18n

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
OUT = ROOT / "tests" / "out" / "screens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LEAST = 24  # px, of everything that is pressed (WCAG 2.5.8)

# What answers no page of its own, and why.
LEFT_OUT = {
    "/static/<path:filename>": "files",
    "/healthz": "a word for machines",
    "/readyz": "a word for machines",
    "/ics/<value>.ics": "a calendar file",
    "/anhang/<int:attachment_id>": "a download",
    "/anhang/<int:attachment_id>/bild": "a picture",
    "/email/<int:message_id>/inhalt": "a frame's document: test_screens_apart.py",
    "/embed/beleg/<kind>/<path:number>": "a frame's document: test_screens_apart.py",
    "/anmelden/microsoft": "leads to the issuer",
    "/anmelden/microsoft/zurueck": "where the issuer leads back",
    "/bestaetigen/microsoft": "leads to the issuer",
    "/api/doku": "made by a script, slowly: test_api_page_in_chromium.py",
    "/demo": "in the demo only: test_demo_in_chromium.py",
    "/demo/outlook": "in the demo only, a part of /demo",
}
# A page that needs more than its path.
QUERIES = {
    "/suche": "?q=motor",
    "/datum": "?when=Fr",
}

_ASK = """() => {
  const shown = el => el.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && !el.closest('.visually-hidden');
  const words = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (!el.closest('script, style, [lang]:not(html)'))
      words.push(walk.currentNode.textContent);
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
    for (const el of document.querySelectorAll(`[${name}]`))
      if (!el.closest('[lang]:not(html)')) words.push(el.getAttribute(name));
  const controls = 'button, input:not([type=hidden]), select, textarea, summary, ' +
    'a.btn, a.nav-link, a.nav-item-link, [role=button], [role=tab]';
  const small = [...document.querySelectorAll(controls)].filter(shown).map(el => {
    const label = el.matches('[type=checkbox], [type=radio]') && el.closest('label');
    const box = (label || el).getBoundingClientRect();
    return [Math.round(box.width), Math.round(box.height),
            (el.innerText || el.name || el.className || el.tagName).slice(0, 40)];
  }).filter(([w, h]) => w > 0 && h > 0 && (w < LEAST || h < LEAST));
  return {
    lang: document.documentElement.lang,
    title: document.title,
    h1: document.querySelectorAll('h1').length,
    sideways: document.documentElement.scrollWidth - innerWidth,
    words: words.map(word => word.replace(/\\s+/g, ' ').trim()).filter(Boolean),
    small,
    wide: [...document.querySelectorAll('body *')].filter(shown).filter(el =>
      el.getBoundingClientRect().right > innerWidth + 1 &&
      !el.closest('.table-responsive, pre, [tabindex="0"]') && !el.children.length
    ).slice(0, 3).map(el => `${el.tagName.toLowerCase()}.${el.className} «` +
      (el.innerText || '').slice(0, 30) + '»'),
  };
}""".replace("LEAST", str(LEAST))
_RUN = """([rules, without]) => axe.run(document, {runOnly: rules, iframes: false,
  rules: Object.fromEntries(without.map(rule => [rule, {enabled: false}])),
  resultTypes: ['violations']}).then(found => found.violations.map(one => `${one.id}: ${one.help} (` +
  one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ') + ')'))"""
_DATA = frozenset({"Administration", "test"})  # names of a group and of an actor
_ENGLISH = re.compile(r"\b(?:the|your|this|with|from|and|are|has|not yet)\b")


def rules_of(app: Flask) -> list[str]:
    """The rules that may be pages."""
    return sorted(
        rule
        for method, rule in permission_table.routes(app)
        if method == "GET"
        and rule not in LEFT_OUT
        and not rule.startswith(permission_table.API)
        and not rule.endswith((".csv", ".yaml", ".zip"))
    )


@dataclass
class Looked:
    """What a page did while it was loaded."""

    base: str
    told: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def at(self, page: Any) -> None:
        """Listen to a page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.told.append(f"{message.text} {message.location['url']}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.elsewhere.append(url)

    def faults(self) -> list[str]:
        """What was heard; forgotten afterwards."""
        found = [f"console: {text}" for text in self.told]
        found += [f"asked another host: {url}" for url in self.elsewhere]
        self.told.clear()
        self.elsewhere.clear()
        return found


def faults(page: Any, language: str) -> list[str]:
    """What is wrong with the page as it stands, at its present width."""
    seen = page.evaluate(_ASK)
    found = _of_frame(seen, language) + _of_words(seen["words"], language)
    if seen["sideways"] > 0:
        wide = ", ".join(seen["wide"])
        found.append(f"scrolls sideways by {seen['sideways']} px: {wide}")
    found += [f"small: {w} x {h} px «{name}»" for w, h, name in seen["small"]]
    return found


def axe_faults(page: Any, without: Iterable[str] = ()) -> list[str]:
    """What axe-core finds: WCAG 2.2 AA and best practice, but for these rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [f"axe: {one}" for one in page.evaluate(_RUN, [RULES, [*without]])]


def _of_frame(seen: dict[str, Any], language: str) -> list[str]:
    found = []
    if seen["lang"] != {"de": "de-CH", "en": "en"}[language]:
        found.append(f"lang is {seen['lang']}")
    if seen["h1"] != 1:
        found.append(f"{seen['h1']} h1")
    if not seen["title"].split(" · ")[0].strip():
        found.append("no title")
    return found


def _of_words(words: Iterable[str], language: str) -> list[str]:
    words = list(words)
    found = [f"ß: «{word}»" for word in words if "ß" in word]
    if language == "de":
        ours = untranslated()
        found += [f"untranslated: «{word}»" for word in words if word in ours]
        found += [f"English: «{word}»" for word in words if _ENGLISH.search(word)]
    else:
        theirs = sentences()
        found += [f"German: «{word}»" for word in words if word in theirs]
    return found


def untranslated() -> frozenset[str]:
    """English texts that have another German one: none may stand in a German page.

    Unless the word is the German of another text («Test» is a button and a noun).
    """
    texts = _catalogue()
    german_too = {german for _, german in texts}
    return (
        frozenset(
            " ".join(one.split())
            for one, german in texts
            if len(one) > 3 and "%(" not in one and german not in {"", one}
        )
        - german_too
        - _DATA
    )


def sentences() -> frozenset[str]:
    """German texts of several words: none may stand in an English page."""
    return frozenset(
        " ".join(german.split())
        for one, german in _catalogue()
        if len(german.split()) > 2 and "%(" not in german and german != one
    )


def _catalogue() -> list[tuple[str, str]]:
    found = i18n.translations("de")
    texts: dict[Any, str] = getattr(found, "_catalog", {})
    return [(key, text) for key, text in texts.items() if isinstance(key, str) and key]


def picture(page: Any, name: str) -> None:
    """A picture of the whole page, kept as test output."""
    OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=OUT / f"{name}.png", full_page=True)
