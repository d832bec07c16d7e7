"""A valid configuration comes out whole: plain values, defaults, nothing bent."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

import config
from config import EffectiveMailbox
from config.loader import assemble, state_directory
from config.plan import plan
from config.schema import MailboxConfig

TODAY = date(2026, 11, 24)

# The smallest configuration of the fixed interface, character by character.
SMALLEST = """\
# service.yaml
database: sqlite:////abs/path/mailsync.db          # or postgresql://…
timezone: Europe/Zurich
# mailboxes.yaml
servers:
  main: {backend: ews, endpoint: "http://127.0.0.1:8800/EWS/Exchange.asmx", auth: basic, access: impersonation, login: svc, password: {file: /abs/path/secret}}
internal_domains: [werft.example]
mailboxes:                                         # «server: NAME» may be left out where there is one
  - {address: verkauf@werft.example, kind: shared, folders: [inbox, sent], keep: all}
  - {address: keller@werft.example, kind: person, informed: 2026-01-05, folders: [inbox, sent], tasks: true, calendar: true, staff_groups: [Administration]}   # employee key: keller
# taxonomy.yaml                                    # access words everywhere: taxonomy full | read | none; mailbox full | subject | none
groups:
  - {key: verkauf, name: Verkauf, access: {GL: full, Administration: full, Werkstatt: none}, tags: [{key: boot, name: Boot, subtags: [{key: offerte, name: Offerte, keywords: [offerte]}]}]}
"""
SERVER = (
    'main: {endpoint: "https://mail.werft.example/EWS/Exchange.asmx", auth: kerberos}'
)


def smallest() -> dict[str, bytes]:
    files: dict[str, list[str]] = {}
    for line in SMALLEST.splitlines(keepends=True):
        if line.startswith("# ") and ".yaml" in line:
            files[line.split()[1]] = []
        files[list(files)[-1]].append(line)
    return {name: "".join(lines).encode() for name, lines in files.items()}


def with_boxes(*mailboxes: str, more: str = "", service: str = "") -> config.Config:
    listed = "".join(f"  - {{{mailbox}}}\n" for mailbox in mailboxes)
    text = f"servers:\n  {SERVER}\ninternal_domains: [werft.example, b.test]\n"
    files = {
        "service.yaml": b"database: sqlite:////tmp/x.db\n" + service.encode(),
        "mailboxes.yaml": f"{text}{more}mailboxes:\n{listed}".encode(),
    }
    return assemble(files, Path("/nonexistent"), today=TODAY)


def one_box(mailbox: str, more: str = "", service: str = "") -> EffectiveMailbox:
    return with_boxes(mailbox, more=more, service=service).mailboxes[0]


def test_the_smallest_configuration_works_as_it_stands(tmp_path: Path) -> None:
    for name, content in smallest().items():
        (tmp_path / name).write_bytes(content)
    loaded = config.load(tmp_path, today=TODAY)
    assert loaded.service.database == "sqlite:////abs/path/mailsync.db"
    assert loaded.service.state_directory == Path("/abs/path")
    main = loaded.servers["main"]
    assert (main.backend, main.auth, main.access) == ("ews", "basic", "impersonation")
    assert main.password is not None
    assert main.password.file == Path("/abs/path/secret")
    assert main.authserv_id is None
    shared, person = loaded.mailboxes
    assert (shared.address, shared.keep, shared.employee) == (
        "verkauf@werft.example",
        "all",
        None,
    )
    assert (person.employee, person.keep, person.informed) == (
        "keller",
        "linked",
        date(2026, 1, 5),
    )
    assert (person.tasks, person.calendar, person.staff_groups) == (
        True,
        True,
        ("Administration",),
    )
    assert loaded.taxonomy is not None
    group = loaded.taxonomy.groups[0]
    assert dict(group.access) == {
        "GL": "full",
        "Administration": "full",
        "Werkstatt": "none",
    }
    assert group.tags[0].subtags[0].keywords == ("offerte",)
    # All that is said about it: the placeholder path of the password.
    assert [one.kind for one in loaded.warnings] == ["secret_missing"]


def test_the_smallest_configuration_has_no_problem_once_the_secret_is_there(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    for name, content in smallest().items():
        said = content.replace(b"/abs/path/secret", str(secret).encode())
        (tmp_path / name).write_bytes(said)
    assert config.load(tmp_path, today=TODAY).warnings == ()


def test_the_taxonomy_may_be_missing() -> None:
    files = smallest()
    del files["taxonomy.yaml"]
    assert assemble(files, Path("/x"), today=TODAY).taxonomy is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"---\n" + text + b"...\n",
        lambda text: text.rstrip(b"\n"),
    ],
    ids=["byte order mark", "windows line ends", "document marks", "no last line end"],
)
def test_what_editors_do_to_a_file_does_not_matter(
    change: Callable[[bytes], bytes],
) -> None:
    plain = assemble(smallest(), Path("/x"), today=TODAY)
    changed = {name: change(text) for name, text in smallest().items()}
    assert assemble(changed, Path("/x"), today=TODAY).mailboxes == plain.mailboxes


def test_json_is_valid_yaml_here() -> None:
    text = """{"servers": {"main": {"endpoint":"https://mail.werft.example/x",
      "auth": "kerberos"}}, "internal_domains": ["werft.example"],
      "mailboxes": [{"address": "a@werft.example", "kind": "person", "poll": 30,
      "informed": "2026-01-05", "tasks": true, "name": "\\u00dc \\/ x"}]}"""
    files = {
        "service.yaml": b'{"database":"sqlite:////tmp/x.db"}',
        "mailboxes.yaml": text.encode(),
    }
    mailbox = assemble(files, Path("/x"), today=TODAY).mailboxes[0]
    assert (mailbox.tasks, mailbox.poll, mailbox.name) == (True, 30, "Ü / x")


@pytest.mark.parametrize(
    "word", ["no", "yes", "off", "12:30", "12:30:00", "0123", "1e3", "true", "0x1F"]
)
def test_a_word_that_yaml_would_bend_stays_text(word: str) -> None:
    assert one_box(f"address: a@werft.example, kind: shared, name: {word}").name == word


def test_numbers_may_be_mail_addresses_and_names_of_servers() -> None:
    mailbox = one_box("address: 0123@werft.example, kind: shared, server: main")
    assert mailbox.name == "0123"


def test_addresses_are_lower_case_with_the_domain_in_ascii() -> None:
    mailbox = one_box("address: A.Keller@WERFT.Example, kind: shared")
    assert mailbox.address == "a.keller@werft.example"
    never = with_boxes(
        "address: a@werft.example, kind: shared",
        more='never: ["*@Bücher.example", Chef@Bücher.example, bank.example]\n',
    )
    assert never.never_domains == {"xn--bcher-kva.example", "bank.example"}
    assert never.never_addresses == {"chef@xn--bcher-kva.example"}


@pytest.mark.parametrize("domain", ["werft.local", "werft.test", "werft.example"])
def test_internal_domains_that_the_internet_does_not_know_are_allowed(
    domain: str,
) -> None:
    files = smallest()
    said = files["mailboxes.yaml"].replace(b"werft.example", domain.encode())
    files["mailboxes.yaml"] = said
    loaded = assemble(files, Path("/x"), today=TODAY)
    assert loaded.internal_domains == (domain,)
    assert loaded.mailboxes[0].address == f"verkauf@{domain}"


def test_defaults_fill_what_a_mailbox_does_not_say() -> None:
    more = (
        "defaults: {keep: headers, since: 2026-02-01, poll: 90, triage: all,\n"
        "  internal_only: link, visibility: subject, folders: [inbox, Kunden/A],\n"
        "  subfolders: true, skip: [Privat]}\n"
    )
    mailbox = one_box("address: a@werft.example, kind: shared", more=more)
    assert (mailbox.keep, mailbox.since, mailbox.poll, mailbox.triage) == (
        "headers",
        date(2026, 2, 1),
        90,
        "all",
    )
    assert (mailbox.internal_only, mailbox.visibility, mailbox.folders) == (
        "link",
        "subject",
        ("inbox", "Kunden/A"),
    )
    assert (mailbox.subfolders, mailbox.skip) == (True, ("Privat",))


def test_a_mailbox_overrides_the_defaults() -> None:
    said = (
        "address: a@werft.example, kind: shared, keep: all, since: 2026-03-01, "
        "poll: 5, triage: replies, internal_only: ignore, visibility: none, "
        "folders: [INBOX], subfolders: false, skip: []"
    )
    more = "defaults: {keep: headers, poll: 90, subfolders: true, skip: [x]}\n"
    mailbox = one_box(said, more=more)
    assert (mailbox.keep, mailbox.since, mailbox.poll) == (
        "all",
        date(2026, 3, 1),
        5,
    )
    assert (mailbox.folders, mailbox.subfolders, mailbox.skip) == (
        ("inbox",),
        False,
        (),
    )


def test_the_poll_of_the_service_is_the_last_resort() -> None:
    box = "address: a@werft.example, kind: shared"
    assert one_box(box).poll == 60
    assert one_box(box, service="poll: 120\n").poll == 120
    more = "defaults: {poll: 30}\n"
    assert one_box(box, more=more, service="poll: 120\n").poll == 30


def test_a_person_is_read_from_the_day_of_being_informed() -> None:
    mailbox = one_box("address: a@werft.example, kind: person, informed: 2026-11-24")
    assert mailbox.readable(date(2026, 11, 24))
    assert not mailbox.readable(date(2026, 11, 23))


def test_a_person_who_was_not_informed_is_never_read() -> None:
    mailbox = one_box("address: a@werft.example, kind: person")
    assert not mailbox.readable(date.max)


def test_a_shared_mailbox_is_read_without_a_date() -> None:
    assert one_box("address: a@werft.example, kind: shared").readable(date.min)


def test_a_mailbox_that_names_groups_is_closed_to_the_others() -> None:
    mailbox = one_box("address: a@werft.example, kind: shared, groups: {GL: subject}")
    assert mailbox.visible_to("GL") == "subject"
    assert mailbox.visible_to("Werkstatt") == "none"


def test_visibility_of_the_mailbox_counts_for_the_groups_it_does_not_name() -> None:
    mailbox = one_box(
        "address: a@werft.example, kind: shared, groups: {GL: full}, visibility: subject"
    )
    assert mailbox.visible_to("GL") == "full"
    assert mailbox.visible_to("Werkstatt") == "subject"


def test_a_mailbox_without_groups_follows_the_default_visibility() -> None:
    mailbox = one_box("address: a@werft.example, kind: shared")
    assert mailbox.visible_to("Werkstatt") == "full"


def test_own_staff_groups_are_declared_once_and_then_known() -> None:
    loaded = with_boxes(
        "address: a@werft.example, kind: shared, groups: {Büro: full}",
        more="staff_groups: [Büro]\n",
    )
    assert loaded.staff_groups == ("GL", "Administration", "Werkstatt", "Büro")


def test_the_only_server_need_not_be_named() -> None:
    loaded = with_boxes("address: a@werft.example, kind: shared")
    mailbox = loaded.mailboxes[0]
    assert mailbox.server == "main"
    assert loaded.server_of(mailbox) is loaded.servers["main"]


def test_the_employee_is_the_local_part_or_what_is_said() -> None:
    person = "address: A.Keller@werft.example, kind: person, informed: 2026-01-05"
    assert one_box(person).employee == "a.keller"
    assert one_box(f"{person}, employee: ak").employee == "ak"


def test_a_hash_before_a_quoted_keyword_is_taken_off() -> None:
    files = smallest()
    said = files["taxonomy.yaml"].replace(b"[offerte]", '["#Öl-Wechsel"]'.encode())
    taxonomy = assemble({**files, "taxonomy.yaml": said}, Path("/x")).taxonomy
    assert taxonomy is not None
    assert taxonomy.groups[0].tags[0].subtags[0].keywords == ("Öl-Wechsel",)


def test_relative_paths_are_meant_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    files = smallest()
    said = files["mailboxes.yaml"].replace(b"{file: /abs/path/secret}", b"{env: HOME}")
    said = said.replace(b"login: svc", b"login: svc, ca_file: ca.pem")
    loaded = assemble({**files, "mailboxes.yaml": said}, tmp_path, today=TODAY)
    assert loaded.servers["main"].ca_file == tmp_path / "ca.pem"


def test_a_mailbox_is_found_by_its_address_in_any_case() -> None:
    loaded = with_boxes("address: a@werft.example, kind: shared")
    assert loaded.mailbox("A@Werft.Example") is loaded.mailboxes[0]
    assert loaded.mailbox("b@werft.example") is None


def test_the_fingerprint_changes_with_every_byte() -> None:
    files = smallest()
    first = assemble(files, Path("/x"), today=TODAY).fingerprint
    files["service.yaml"] += b"#"
    assert assemble(files, Path("/x"), today=TODAY).fingerprint != first


def test_nothing_of_a_configuration_can_be_changed() -> None:
    loaded = with_boxes("address: a@werft.example, kind: shared, groups: {GL: full}")
    with pytest.raises(FrozenInstanceError):
        loaded.mailboxes[0].keep = "all"  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValidationError):
        loaded.service.locale = "en"
    for mapping in (loaded.servers, loaded.mailboxes[0].groups):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]  # the point of the test


def test_models_refuse_what_the_files_may_not_say_when_made_by_code() -> None:
    with pytest.raises(ValidationError):
        MailboxConfig(address="a@werft.example", kind="shared", poll=0)
    with pytest.raises(ValidationError):
        MailboxConfig(address="a@werft.example", kind="shared", poll=True)
    made = MailboxConfig(
        address="A@werft.example", kind="person", tasks=True, informed=TODAY
    )
    assert (made.address, made.tasks, made.informed) == (
        "a@werft.example",
        True,
        TODAY,
    )


def test_many_mailboxes_polled_too_often_give_a_warning_with_the_right_value() -> None:
    boxes = [f"address: m{n}@werft.example, kind: shared" for n in range(40)]
    more = "defaults: {poll: 10}\n"
    (warning,) = with_boxes(*boxes, more=more).warnings
    assert (warning.kind, warning.line, warning.column) == ("poll_too_low", 4, 18)
    # 40 mailboxes x 2 folders / 10 s = 8 requests per second; 80 / 5 = 16 s
    assert "8.0" in warning.message
    assert "mindestens 16" in warning.message
    assert with_boxes(*boxes, more="defaults: {poll: 16}\n").warnings == ()


def test_mailboxes_that_are_not_read_do_not_count_for_the_load() -> None:
    person = "address: m{}@werft.example, kind: person, informed: 2027-01-01"
    loaded = with_boxes(
        *[person.format(n) for n in range(40)], more="defaults: {poll: 10}\n"
    )
    assert {one.kind for one in loaded.warnings} == {"informed_later"}


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("database: sqlite:////var/lib/crm/x.db\n", "/var/lib/crm"),
        ("database: postgresql://a/b\n", "/var/lib/mailsync"),
        ("database: postgresql://a/b\nstate_dir: /srv/crm\n", "/srv/crm"),
        ("database: [\n", "/from/systemd"),
        ("datbase: sqlite:////x/y\n", "/from/systemd"),
    ],
)
def test_the_state_directory_is_found_also_while_files_are_wrong(
    tmp_path: Path, service: str, expected: str
) -> None:
    (tmp_path / "service.yaml").write_text(service)
    (tmp_path / "mailboxes.yaml").write_text("kaputt: [\n")
    environ = {"STATE_DIRECTORY": "/from/systemd:/other"}
    assert state_directory(tmp_path, environ) == Path(expected)


def test_a_plan_names_what_a_new_configuration_changes() -> None:
    def person(name: str, informed: str, more: str = "") -> str:
        said = f"address: {name}@werft.example, kind: person, informed: {informed}"
        return f"{said}{more}"

    old = with_boxes(
        person("a", "2026-01-05"),
        person("b", "2026-01-05"),
        person("c", "2026-01-05"),
        person("d", "2026-01-05"),
    )
    new = with_boxes(
        person("a", "2026-01-05"),
        person("b", "2026-01-05", ", keep: all"),
        person("c", "2027-01-05"),
        person("e", "2026-01-05"),
    )
    found = plan(old, new, TODAY)
    assert found.added == ("e@werft.example",)
    assert found.changed == ("b@werft.example",)
    assert found.paused == ("c@werft.example",)
    assert found.removed == ("d@werft.example",)
    assert found
    assert not plan(old, old, TODAY)


def test_a_changed_server_changes_its_mailboxes() -> None:
    box = "address: a@werft.example, kind: shared"
    old = with_boxes(box)
    files = smallest()
    said = files["mailboxes.yaml"].replace(b"login: svc", b"login: other")
    first = assemble(files, Path("/x"), today=TODAY)
    second = assemble({**files, "mailboxes.yaml": said}, Path("/x"), today=TODAY)
    assert len(plan(first, second, TODAY).changed) == 2
    assert plan(old, with_boxes(box), TODAY).changed == ()
