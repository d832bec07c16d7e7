"""A served company with a signed-in page of Chromium: where screens are looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import screens
from busy_world import BusyWorld
from flask import Flask
from matrix_world import Bundle
from screens import Looked
from served import served, signed_in

from crm_core import database
from crm_core.models import Account
from crm_web.app import create_app
from crm_web.settings import WebSettings

WIDTHS = (1280, 320)
LANGUAGES = ("de", "en")


@dataclass
class Room:
    """The company's address, a page, and what is heard there."""

    base: str
    page: Any
    looked: Looked
    url: str = ""
    bundle: Bundle = field(default_factory=lambda: Bundle("leer", "verkauf", "gl"))

    def speak(self, language: str) -> None:
        Account.update(language=language).execute()

    def open(self, path: str, width: int = 1280) -> Any:
        self.page.set_viewport_size({"width": width, "height": 900})
        return self.page.goto(self.base + path)

    def check(
        self,
        name: str,
        language: str,
        widths: tuple[int, ...] = WIDTHS,
        without: tuple[str, ...] = (),
    ) -> list[str]:
        """All faults of the page that stands there, one width after the other.

        ``without``: rules of axe that are not asked, each with its reason at the call.
        """
        found = []
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            said = screens.faults(self.page, language)
            screens.picture(self.page, f"{name}-{language}-{width}")
            found += [f"{language} {width}: {one}" for one in said]
        found += self.looked.faults()
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            said = screens.axe_faults(self.page, without)
            found += [f"{language} {width}: {one}" for one in said]
        self.looked.faults()  # axe itself tries things that the policy refuses
        return found


@contextmanager
def furnished(
    chromium: Any,
    folder: Path,
    template: Path,
    *,
    filled: bool,
    **settings: Any,
) -> Iterator[Room]:
    """A room with its own database file, bound from here on."""
    path = folder / "screens.db"
    path.write_bytes(template.read_bytes())
    url = f"sqlite:///{path}"
    database.connect(url)
    more = {"bundle": BusyWorld().fill(folder / "blobs")} if filled else {}
    app = _app(folder, settings)
    database.close()
    with (
        served(app) as (base, _),
        signed_in(chromium, base, locale="de-CH") as page,
    ):
        looked = Looked(base)
        looked.at(page)
        yield Room(base, page, looked, url, **more)
    database.close()


def _app(folder: Path, settings: dict[str, Any]) -> Flask:
    app = create_app(WebSettings(blobs=folder / "blobs", **settings))
    app.add_url_rule("/kaputt", "broken", lambda: 1 / 0)
    return app
