"""HTTP in front of EWS: authentication, methods, envelopes, connections."""

import http.client
import socket
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest

FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_whoever_has_not_logged_in_is_asked_to(ask, method):
    status, headers, _ = ask.http(b"", {}, method)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "authorization",
    ["Basic c3ZjOndyb25n", "Basic !!!", "Bearer abc", "Basic bm9ib2R5OnNlY3JldA=="],
)
def test_a_bad_login_is_a_401(ask, authorization):
    status, _, _ = ask.http(ask.envelope(FOLDER), {"Authorization": authorization})
    assert status == 401


def test_only_post_is_served_to_whoever_is_logged_in(ask):
    status, headers, _ = ask.http(b"", None, "GET")
    assert (status, headers["Allow"]) == (405, "POST")


def test_answers_say_their_type_and_version(ask):
    status, headers, body = ask.http(ask.envelope(FOLDER))
    assert status == 200
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert b"<t:ServerVersionInfo" in body


def test_a_request_without_server_version_is_served(ask):
    envelope = ask.envelope(FOLDER).replace(
        b'<t:RequestServerVersion Version="Exchange2016"/>', b""
    )
    assert ask.http(envelope)[0] == 200


def test_an_unknown_operation_is_a_fault_and_counted(ask, sandbox):
    status, _, body = ask.http(ask.envelope("<m:Bogus/>"))
    assert status == 500
    assert b"faultcode" in body
    assert [f.kind for f in sandbox.ledger.client_faults] == ["unknown_operation"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
    ],
)
def test_what_is_no_envelope_is_a_fault(ask, sandbox, body):
    status, _, answer = ask.http(body)
    assert status == 500
    assert b"ErrorInvalidRequest" in answer
    assert [f.kind for f in sandbox.ledger.client_faults] == ["unreadable_request"]


def test_a_request_that_breaks_the_schema_is_refused(ask, sandbox, schema):
    if schema is None:
        pytest.skip("../shared/ews-schema is not here")
    body = FOLDER.replace("<m:FolderIds>", "<m:Wrong/><m:FolderIds>")
    assert ask.codes(body) == ["ErrorSchemaValidation"]
    assert len(sandbox.ledger.violations) == 1
    sandbox.ledger.violations.clear()


def test_a_connection_serves_many_requests_however_long(ask, sandbox):
    url = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    long = ask.envelope(FOLDER + "<!--" + "x" * 200_000 + "-->")
    for body in (ask.envelope(FOLDER), long, ask.envelope(FOLDER)):
        connection.request("POST", url.path, body, ask.headers)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()


def test_a_chunked_request_is_read(ask, sandbox):
    url = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    envelope = ask.envelope(FOLDER)
    parts = iter([envelope[:50], envelope[50:]])
    connection.request("POST", url.path, parts, ask.headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_broken_client_stops_nobody(ask, sandbox):
    url = urlsplit(sandbox.url)
    for junk in (
        b"\x00\x01\x02\r\n\r\n",
        b"POST /EWS HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection((url.hostname, url.port), timeout=10) as raw:
            raw.sendall(junk)
            raw.recv(100)
    assert ask.http(ask.envelope(FOLDER))[0] == 200


def test_it_speaks_tls(make_sandbox, ask_of, tmp_path):
    try:
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-keyout",
                "k.pem",
                "-out",
                "c.pem",
            ],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not here to make a certificate")
    sandbox = make_sandbox(tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem")
    assert sandbox.url.startswith("https://")
    ask = ask_of(sandbox)
    url = urlsplit(sandbox.url)
    context = ssl.create_default_context(cafile=str(tmp_path / "c.pem"))
    context.check_hostname = False
    connection = http.client.HTTPSConnection(
        url.hostname, url.port, context=context, timeout=10
    )
    connection.request("POST", url.path, ask.envelope(FOLDER), ask.headers)
    assert connection.getresponse().status == 200
    connection.close()
