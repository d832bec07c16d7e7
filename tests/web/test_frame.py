"""The frame around every page: no link of it leads nowhere."""

import re

from flask import Flask
from pages import Browser

from crm_web.chrome import has_page


def test_every_link_of_the_frame_has_a_page(gl: Browser) -> None:
    page = gl.get("/bestaetigen")
    links = set(re.findall(r'<a [^>]*href="(/[^"#]*)"', page))
    assert {"/", "/adressen", "/nicht-zugeordnet"} <= links
    for link in links:
        answer = gl.client.get(link, base_url="https://localhost")
        assert answer.status_code in {200, 303}, link


def test_a_path_without_a_page_is_seen(app: Flask) -> None:
    with app.test_request_context("/"):
        assert has_page("/adressen")
        assert not has_page("/gibt-es-nicht")
