"""Everything wrong that an administrator may write: the sentence stands at its place.

In the texts below ``§`` marks where a problem must be reported; the marks are taken out
before the text is loaded. A case expects exactly its problems, no other.
"""

from datetime import date
from pathlib import Path

import pytest

import config
from config import messages
from config.loader import assemble

TODAY = date(2026, 11, 24)
SERVICE = "database: sqlite:////tmp/x.db\n"
KERBEROS = 'endpoint: "https://mail.werft.example/EWS/Exchange.asmx", auth: kerberos'
DOMAINS = "internal_domains: [werft.example]\n"
HEAD = f"servers:\n  main: {{{KERBEROS}}}\n{DOMAINS}"
BOX = "  - {address: a@werft.example, kind: shared}\n"


def service(text: str) -> tuple[str, str]:
    return "service.yaml", text


def more(text: str) -> tuple[str, str]:
    """service.yaml with something more in it."""
    return "service.yaml", SERVICE + text


def boxes(text: str, head: str = HEAD) -> tuple[str, str]:
    return "mailboxes.yaml", f"{head}mailboxes:\n{text}"


def shared(text: str) -> tuple[str, str]:
    return boxes(f"  - {{address: a@werft.example, kind: shared, {text}}}\n")


def person(text: str) -> tuple[str, str]:
    said = "address: a@werft.example, kind: person, informed: 2026-01-05"
    return boxes(f"  - {{{said}, {text}}}\n")


def server(text: str) -> tuple[str, str]:
    return boxes(BOX, head=f"servers:\n  main: {text}\n{DOMAINS}")


def top(text: str) -> tuple[str, str]:
    """mailboxes.yaml with something more beside the list."""
    return boxes(BOX, head=HEAD + text)


def taxonomy(text: str) -> tuple[str, str]:
    return "taxonomy.yaml", text


def subtag(text: str) -> tuple[str, str]:
    said = f"[{{key: s, name: S, {text}}}]"
    return taxonomy(
        "groups:\n  - {key: g, name: G, tags: [{key: t, name: T, subtags: "
        + said
        + "}]}\n"
    )


E, W = "endpoint: https://mail.werft.example/x", "password: {file: /nonexistent/p}"

CASES: list[tuple[tuple[str, str], str]] = [
    # -- YAML itself ------------------------------------------------------------------
    (service("database: sqlite:////tmp/x.db\n§\tpoll: 5\n"), "tab"),
    (service("database:§\tsqlite:////tmp/x.db\n"), "tab"),
    (service("§\tdatabase: sqlite:////tmp/x.db\n"), "tab"),
    (boxes("  - address: a@werft.example\n§\t\tkind: shared\n"), "tab"),
    (boxes("  - address: a@werft.example\n    kind: shared  §\t# hier\n"), "tab"),
    (service("database: sqlite:////tmp/x.db\n§\xa0poll: 5\n"), "hard_space"),
    (service("database:§\xa0sqlite:////tmp/x.db\n"), "hard_space"),
    (service(SERVICE + "§lo§\x00cale: de\n"), "unknown_key control_character"),
    (service(SERVICE + "# §\x07\n"), "control_character"),
    (shared("name: Werk§\u202estatt"), "control_character"),
    (shared("name: Werk§\u200bstatt"), "control_character"),
    (shared('name: §"a\\x01b"'), "control_character"),
    (shared('name: §"\\ud800"'), "control_character"),
    (shared("name: §&x Werkstatt"), "anchor"),
    (shared("name: §*x"), "anchor"),
    (boxes("  - §&a {address: a@werft.example, kind: shared}\n  - §*a\n"),
     "anchor anchor"),
    (boxes("  - §*alle@werft.example\n"), "anchor"),
    (top("never: [§*@bank.example]\n"), "anchor"),
    (top("defaults: §&d {keep: all}\n"), "anchor"),
    (boxes("  - {address: a@werft.example, kind: shared, §<<: {keep: all}}\n"),
     "merge_key"),
    (top("§<<: {never: [bank.example]}\n"), "merge_key"),
    (shared("name: §!!str Werkstatt"), "tag"),
    (shared("name: §! Werkstatt"), "tag"),
    (shared("name: §!!python/object:os.system Werkstatt"), "tag"),
    (boxes("  - §!!map {address: a@werft.example, kind: shared}\n"), "tag"),
    (service(SERVICE + "§database: sqlite:////tmp/y.db\n"), "duplicate_key"),
    (shared("keep: all, §keep: linked"), "duplicate_key"),
    (boxes('  - {"address": a@werft.example, kind: shared, §address: b@x.example}\n'),
     "duplicate_key"),
    (top("§internal_domains: [x.example]\n"), "duplicate_key"),
    (top("defaults: {}\n§defaults: {}\n§defaults: {}\n"),
     "duplicate_key duplicate_key"),
    (server("{" + E + ", auth: kerberos, timeout: 60, §timeout: 90}"),
     "duplicate_key"),
    (service(SERVICE + "? §[a, b]\n: c\n"), "key_not_text"),
    (service(SERVICE + "§: c\n"), "key_not_text"),
    (service(SERVICE + "§~: c\n"), "key_not_text"),
    (service(SERVICE + "§---\nlocale: de\n"), "several_documents"),
    (service("%YAML 1.1\n§---\n" + SERVICE), "directive"),
    (service("%TAG ! tag:x\n§---\n" + SERVICE), "directive"),
    (shared("name: " + "[" * 17 + "§[" + "]" * 18), "too_deep"),
    (shared("name: §'Werkstatt"), "unclosed_quote"),
    (shared('name: §"Werkstatt'), "unclosed_quote"),
    (service(SERVICE + "logging: {level: info\n§"), "unclosed_bracket"),
    (boxes("  - {address: a@werft.example, kind: shared\n  - §{address: b@werft.example}"),
     "unclosed_bracket"),
    (shared("folders: [inbox, sent§"), "unclosed_bracket"),
    (service(SERVICE + "§locale\npoll: 5\n"), "missing_colon"),
    (service(SERVICE + "§locale:de\npoll: 5\n"), "missing_colon"),
    (boxes("  - address: a@werft.example\n    kind: shared\n    name: Werk§: statt\n"),
     "stray_colon"),
    (service("database: sqlite:////tmp/x.db\n  poll§: 5\n"), "stray_colon"),
    (boxes("  - address: a@werft.example\n     kind§: shared\n"), "stray_colon"),
    (boxes("  - address: a@werft.example\n   §kind: shared\n"), "bad_indent"),
    (service(SERVICE + "§}\n"), "bad_indent"),
    (service(SERVICE + "locale: §- de\n"), "bad_indent"),
    (top("never: [§@bank.example]\n"), "bad_start"),
    (service(SERVICE + "locale: §`de`\n"), "bad_start"),
    (service(SERVICE + "locale: §%de\n"), "bad_start"),
    (top("never:\n  - *§ @bank.example\n"), "star_unquoted"),
    (service("§# nur ein Kommentar\n"), "file_empty"),
    (service("§\n\n"), "file_empty"),
    (service("§---\n...\n"), "file_empty"),
    (service("§Werft\n"), "needs_mapping"),
    (service("§[database]\n"), "needs_mapping"),
    (service("{§database}\n"), "empty_value"),
    # -- words that YAML 1.1 would have bent -------------------------------------------
    (person("tasks: §yes"), "bool_word"),
    (person("tasks: §no"), "bool_word"),
    (person("tasks: §on"), "bool_word"),
    (person("calendar: §Ja"), "bool_word"),
    (person("calendar: §vielleicht"), "bool_word"),
    (person("calendar: §1"), "bool_word"),
    (shared("subfolders: §0"), "bool_word"),
    (shared("subfolders: §[true]"), "needs_text"),
    (person("tasks: §tRUE"), "bool_word"),
    (shared("poll: §60s"), "int_word"),
    (shared("poll: §1m"), "int_word"),
    (shared("poll: §0123"), "int_word"),
    (shared("poll: §0x10"), "int_word"),
    (shared("poll: §1_000"), "int_word"),
    (shared("poll: §1e2"), "int_word"),
    (shared("poll: §60.0"), "int_word"),
    (shared("poll: §12:30"), "int_word"),
    (shared("poll: §+5"), "int_word"),
    (shared("poll: §sechzig"), "int_word"),
    (shared("poll: §１２"), "int_word"),
    (shared("poll: §true"), "int_word"),
    (shared("poll: §99999999999999999999"), "int_word"),
    (shared("poll: §0"), "too_small"),
    (shared("poll: §-5"), "too_small"),
    (shared("poll: §86401"), "too_large"),
    (shared("poll: §{a: b}"), "needs_text"),
    (shared("since: §02.11.2026"), "date_word"),
    (shared("since: §2026-13-01"), "date_word"),
    (shared("since: §2026-02-30"), "date_word"),
    (shared("since: §2026-1-5"), "date_word"),
    (shared("since: §20260105"), "date_word"),
    (shared("since: §2026-01-05T00:00:00"), "date_word"),
    (shared("since: §gestern"), "date_word"),
    (shared("since: §0"), "date_word"),
    (shared("since: §[2026-01-05]"), "needs_text"),
    # -- keys ----------------------------------------------------------------------------
    (shared("§keepp: all"), "unknown_key"),
    (shared("§acces: full"), "unknown_key"),
    (shared("§Keep: all"), "unknown_key"),
    (shared("§'keep ': all"), "unknown_key"),
    (shared("§xyz: all"), "unknown_key"),
    (more("§mailboxes: []\n"), "unknown_key"),
    (more("logging: {§levl: info}\n"), "unknown_key"),
    (more("logging:\n  level: info\n  §farbe: ja\n"), "unknown_key"),
    (top("§deflauts: {}\n"), "unknown_key"),
    (top("defaults: {§tasks: true}\n"), "unknown_key"),
    (top("keywords: {§prefix: CRM}\n"), "unknown_key"),
    (server("{" + KERBEROS + ", §acces: delegate}"), "unknown_key"),
    (subtag("§keyword: [x]"), "unknown_key"),
    (taxonomy("groups: [{key: a, name: A, tags: [{key: b, name: B, §subtag: []}]}]\n"),
     "unknown_key"),
    (service("§locale: de\n"), "missing"),
    (boxes("  - §{kind: shared}\n"), "missing"),
    (boxes("  - §address: a@werft.example\n"), "missing"),
    (boxes("  - §§{}\n"), "missing missing"),
    (("mailboxes.yaml", "§" + HEAD), "missing"),
    (boxes(BOX, head=f"§servers:\n  main: {{{KERBEROS}}}\n"), "missing"),
    (boxes(BOX, head=f"§{DOMAINS}"), "missing"),
    (taxonomy("groups: [§{name: A}]\n"), "missing"),
    (boxes("  - {§address: , kind: shared}\n"), "empty_value"),
    (boxes("  - §address:\n    kind: shared\n"), "empty_value"),
    (shared("keep: ~"), ""),
    (shared("§tasks: null"), "empty_value"),
    (service("§database:\n"), "empty_value"),
    (("mailboxes.yaml", HEAD + "§mailboxes:\n"), "empty_value"),
    (boxes("  -§\n"), "empty_item"),
    (subtag("keywords: [a, §, b]"), "syntax"),
    (boxes("  - address: a@werft.example\n    kind: shared\n    skip:\n     -§ #x\n"),
     "empty_item"),
    (("mailboxes.yaml", HEAD + "mailboxes: §[]\n"), "list_empty"),
    (boxes(BOX, head="servers: §{}\n" + DOMAINS), "list_empty"),
    (boxes(BOX, head=HEAD.replace("[werft.example]", "§[]")), "list_empty"),
    (taxonomy("groups: §[]\n"), "list_empty"),
    (shared("folders: §[]"), "list_empty"),
    (shared("folders: §inbox"), "needs_list"),
    (shared("folders: §{inbox: true}"), "needs_list"),
    (boxes(BOX, head=HEAD.replace("[werft.example]", "§werft.example")), "needs_list"),
    (boxes("  §alle\n"), "needs_list"),
    (("mailboxes.yaml", HEAD + "mailboxes: §{a@werft.example: shared}\n"), "needs_list"),
    (boxes("  - §a@werft.example\n"), "needs_mapping"),
    (shared("groups: §[GL]"), "needs_mapping"),
    (shared("groups: §GL"), "needs_mapping"),
    (top("defaults: §[]\n"), "needs_mapping"),
    (more("logging: §info\n"), "needs_mapping"),
    (shared("name: §{a: b}"), "needs_text"),
    (shared("name: §[a]"), "needs_text"),
    (shared("keep: §[all]"), "needs_text"),
    (shared('name: §""'), "text_blank"),
    (shared("name: §'   '"), "text_blank"),
    (shared("name: §" + "x" * 201), "text_long"),
    (shared('name: §"a\\nb"'), "text_lines"),
    (boxes("  - address: a@werft.example\n    kind: shared\n    name: §|\n      a\n      b\n"),
     "text_lines"),
    # -- words of a closed list -----------------------------------------------------------
    (boxes("  - {address: a@werft.example, kind: §Shared}\n"), "not_allowed"),
    (boxes("  - {address: a@werft.example, kind: §gruppe}\n"), "not_allowed"),
    (shared("keep: §alles"), "not_allowed"),
    (shared("keep: §no"), "not_allowed"),
    (shared("groups: {GL: §ful}"), "not_allowed"),
    (shared("groups: {GL: §read}"), "not_allowed"),
    (shared("visibility: §betreff"), "not_allowed"),
    (shared("internal_only: §suggets"), "not_allowed"),
    (shared("triage: §none"), "not_allowed"),
    (more("locale: §fr\n"), "not_allowed"),
    (more("logging: {level: §INFO}\n"), "not_allowed"),
    (server("{" + E + ", auth: §ntml}"), "not_allowed"),
    (server("{backend: §exchange, " + KERBEROS + "}"), "not_allowed"),
    (server("{" + KERBEROS + ", access: §full}"), "not_allowed"),
    (server("{" + KERBEROS + ", version: §2013}"), "not_allowed"),
    (taxonomy("groups: [{key: a, name: A, access: {GL: §subject}}]\n"), "not_allowed"),
    # -- addresses and domains ---------------------------------------------------------
    (boxes("  - {address: §werkstatt, kind: shared}\n"), "address"),
    (boxes("  - {address: §a@werft, kind: shared}\n"), "address"),
    (boxes("  - {address: §a b@werft.example, kind: shared}\n"), "address"),
    (boxes("  - {address: §a@b@werft.example, kind: shared}\n"), "address"),
    (boxes("  - {address: §'\"a b\"@werft.example', kind: shared}\n"), "address"),
    (boxes("  - {address: §'<a@werft.example>', kind: shared}\n"), "address"),
    (boxes("  - {address: §'A <a@werft.example>', kind: shared}\n"), "address"),
    (boxes("  - {address: §.a@werft.example, kind: shared}\n"), "address"),
    (boxes("  - {address: §a@werft..example, kind: shared}\n"), "address"),
    (boxes("  - {address: §'a@[127.0.0.1]', kind: shared}\n"), "address"),
    (boxes("  - {address: §'@werft.example', kind: shared}\n"), "address"),
    (boxes("  - {address: §müller@werft.example, kind: shared}\n"), "address_letters"),
    (boxes("  - {address: §kеller@werft.example, kind: shared}\n"), "address_letters"),
    (boxes("  - {address: §a@wеrft.example, kind: shared}\n"), "domain_not_internal"),
    (boxes("  - {address: §a@werft.example.org, kind: shared}\n"),
     "domain_not_internal"),
    (boxes("  - {address: §a@post.werft.example, kind: shared}\n"),
     "domain_not_internal"),
    (top("never: [§bank]\n"), "domain"),
    (top("never: [§'a b@bank.example']\n"), "address"),
    (top("never: ['*@bank.example', §'*@*.example']\n"), "domain"),
    (boxes(BOX, head=HEAD.replace("[werft", "[§'*.x.example', werft")), "domain"),
    (boxes(BOX + "  - {address: §A@Werft.Example, kind: shared}\n"), "address_twice"),
    (boxes(BOX + BOX.replace("a@", "§a@") * 2), "address_twice address_twice"),
    # -- servers -------------------------------------------------------------------------
    (server("{endpoint: §mail.werft.example, auth: kerberos}"), "endpoint"),
    (server("{endpoint: §ftp://mail.werft.example/, auth: kerberos}"), "endpoint"),
    (server("{endpoint: §https:///EWS, auth: kerberos}"), "endpoint"),
    (server("{endpoint: §'https://mail.werft.example:x/', auth: kerberos}"), "endpoint"),
    (server("{endpoint: §'https://svc:pw@mail.werft.example/', auth: kerberos}"),
     "endpoint_secret"),
    (server("§{auth: kerberos}"), "missing"),
    (server("{§endpoint: , auth: kerberos}"), "empty_value"),
    (server("§{" + E + "}"), "missing"),
    (server("§§{" + E + ", auth: ntlm}"), "missing missing"),
    (server("§{" + E + ", auth: basic, login: svc}"), "missing"),
    (server("{" + E + ", auth: basic, login: svc, §password: }"), "empty_value"),
    (server("{" + E + ", auth: basic, login: svc, password: §geheim}"), "secret_form"),
    (server("{" + E + ", auth: basic, login: svc, password: §[geheim]}"), "secret_form"),
    (server("{" + E + ", auth: basic, login: svc, password: {§geheim: x}}"),
     "secret_form"),
    (server("{" + E + ", auth: basic, login: svc, password: §{}}"), "secret_one"),
    (server("{" + E + ", auth: basic, login: svc, password: §{env: §A, credential: b}}"),
     "secret_one env_missing"),
    (server("{" + E + ", auth: basic, login: svc, password: {credential: §../x}}"),
     "secret_name"),
    (server("{" + E + ", auth: basic, login: svc, password: {file: §/nonexistent/p}}"),
     "secret_missing"),
    (server("{endpoint: §https://outlook.office365.com/EWS/Exchange.asmx, auth: basic, "
            "login: x, password: {credential: p}}"), "cloud_ews"),
    (server("{endpoint: §https://smtp.Office365.com./, auth: kerberos}"), "cloud_ews"),
    (server("{endpoint: §https://outlook.com/, auth: kerberos}"), "cloud_ews"),
    (server("{endpoint: §https://eur01.mail.outlook.com/, auth: kerberos}"),
     "cloud_ews"),
    (server("{backend: §graph, auth: certificate}"), "graph_later"),
    (server("{" + E + ", auth: §certificate}"), "certificate_later"),
    (server("{endpoint: §http://mail.werft.example/, auth: kerberos}"), "not_encrypted"),
    (server("{" + KERBEROS + ", timeout: §1}"), "too_small"),
    (server("{" + KERBEROS + ", ca_file: §/nonexistent/ca.pem}"), "path_missing"),
    (shared("server: §mian"), "server_unknown"),
    (boxes("  - §{address: a@werft.example, kind: shared}\n",
           head=f"servers: {{a: {{{KERBEROS}}}, b: {{{KERBEROS}}}}}\n{DOMAINS}"),
     "server_needed"),
    (shared("folders: [§tasks]"), "folder_name"),
    (shared("folders: [inbox, §Posteingang]"), "folder_name"),
    (shared("skip: [§/]"), "folder_name"),
    (top("keywords: {token_prefix: §crm}\n"), "prefix_shape"),
    (top("keywords: {token_prefix: §'[CRM'}\n"), "prefix_shape"),
    # -- people and groups ----------------------------------------------------------------
    (shared("tasks: §true"), "shared_tasks"),
    (shared("calendar: §true, tasks: §True"), "shared_tasks shared_tasks"),
    (shared("§employee: a"), "shared_ignored"),
    (shared("§staff_groups: [GL]"), "shared_ignored"),
    (boxes("  - §{address: a@werft.example, kind: person}\n"), "not_informed"),
    (boxes("  - §{address: a@werft.example, kind: person, informed: }\n"),
     "not_informed"),
    (boxes("  - {address: a@werft.example, kind: person, informed: §2026-11-25}\n"),
     "informed_later"),
    (person("employee: §a b"), "shape"),
    (person("employee: §-a"), "shape"),
    (person("staff_groups: [§Werkstat]"), "group_unknown"),
    (shared("groups: {§Gl: full}"), "group_unknown"),
    (shared("groups: {GL: full, §Büro: none}"), "group_unknown"),
    (taxonomy("groups: [{key: a, name: A, access: {§Büro: read}}]\n"), "group_unknown"),
    (boxes("  - {address: a@werft.example, kind: person, informed: 2026-01-05}\n"
           "  - {address: b@werft.example, kind: person, informed: 2026-01-05, "
           "employee: §A}\n"), "employee_twice"),
    (boxes("  - {address: a@werft.example, kind: person, informed: 2026-01-05}\n"
           "  - {address: §a@b.example, kind: person, informed: 2026-01-05}\n",
           head=HEAD.replace("[werft", "[b.example, werft")), "employee_twice"),
    # -- service ---------------------------------------------------------------------------
    (service("database: §sqlite:///relativ.db\n"), "database_relative"),
    (service("database: §/var/lib/x.db\n"), "database"),
    (service("database: §mysql://x/y\n"), "database"),
    (service("database: §postgresql://\n"), "database"),
    (service("database: §sqlite:////\n"), "database"),
    (service("database: §postgresql://u:geheim@db/x\n"), "database_secret"),
    (service("database: §postgresql://db/x?password=geheim\n"), "database_secret"),
    (more("database_password: §geheim\n"), "secret_form"),
    (more("timezone: §Europe/Zuerich\n"), "timezone"),
    (more("timezone: §Europe\n"), "timezone"),
    (more("timezone: §../../etc/passwd\n"), "timezone"),
    (more("timezone: §CEST+2\n"), "timezone"),
    (more("state_dir: §var/lib\n"), "path_relative"),
    (more("retention: {unlinked_days: §0}\n"), "too_small"),
    (more("limits: {page_size: §513}\n"), "too_large"),
    (more("web: {listen: §8080}\n"), "listen"),
    (more("web: {webhooks_allow: [erp, 10.0.0.0/8, §10.0.0.0/99]}\n"), "receiver"),
    (more("web: {webhooks_allow: [§'https://erp.example/']}\n"), "receiver"),
    (more("web: {frame_ancestors: [https://erp.example, §erp.example]}\n"), "frame"),
    (more("web: {frame_ancestors: [§'https://a.example; script-src *']}\n"), "frame"),
    (more("web: {oidc: {issuer: §http://a.example, client_id: a, client_secret: "
          "{credential: oidc}, roles: {a: GL}}, public_url: 'https://a.example'}\n"), "issuer"),
    (more("web: {§oidc: {issuer: https://a.example, client_id: a, client_secret: "
          "{credential: oidc}, roles: {a: GL}}}\n"), "oidc_public_url"),
    (more("web: {oidc: {issuer: https://a.example, client_id: a, client_secret: "
          "{credential: oidc}, roles: {a: §Chefs}}, public_url: 'https://a.example'}\n"),
     "group_unknown"),
    (more("web: {listen: §'127.0.0.1:port'}\n"), "listen"),
    # -- taxonomy ----------------------------------------------------------------------------
    (subtag("keywords: [§'#']"), "keyword_shape"),
    (subtag("keywords: [§zwei worte]"), "keyword_shape"),
    (subtag("keywords: [§1042]"), "keyword_shape"),
    (subtag("keywords: [Offerte, §offerte]"), "keyword_twice"),
    (subtag("keywords: [groß, §GROSS]"), "keyword_twice"),
    (subtag("required: [note, §notes]"), "not_allowed"),
    (subtag("required: [§telefon]"), "not_allowed"),
    (taxonomy("groups: [{key: a, name: A}, {key: §a, name: B}]\n"), "key_twice"),
    (taxonomy("groups: [{key: a, name: A, tags: [{key: b, name: B}, "
              "{key: §b, name: C}]}]\n"), "key_twice"),
    (taxonomy("groups: [{key: a, name: A, tags: [{key: b, name: B, subtags: "
              "[{key: c, name: C}]}, {key: d, name: D, subtags: "
              "[{key: §c, name: C}]}]}]\n"), "key_twice"),
]  # fmt: skip


def files_of(file: str, text: str) -> dict[str, bytes]:
    files = {"service.yaml": SERVICE, "mailboxes.yaml": HEAD + "mailboxes:\n" + BOX}
    files[file] = text
    return {
        name: said.encode("utf-8", errors="surrogatepass")
        for name, said in files.items()
    }


def marks_of(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and line and column of each mark."""
    # Two marks in a row: two problems at one place.
    places, said = [], ""
    for piece in text.split("§")[:-1]:
        said += piece
        line = said.count("\n") + 1
        places.append((line, len(said) - (said.rfind("\n") + 1) + 1))
    return text.replace("§", ""), places


def problems_of(files: dict[str, bytes]) -> tuple[config.Problem, ...]:
    try:
        return assemble(files, Path("/nonexistent"), today=TODAY).warnings
    except config.ConfigError as error:
        return error.problems


@pytest.mark.parametrize(
    ("source", "kinds"), CASES, ids=[f"{n}-{c[1]}" for n, c in enumerate(CASES)]
)
def test_each_mistake_is_told_at_its_line_and_column(
    source: tuple[str, str], kinds: str
) -> None:
    file, marked = source
    text, places = marks_of(marked)
    found = problems_of(files_of(file, text))
    assert [one.kind for one in found] == kinds.split()
    assert [(one.line, one.column) for one in found] == places
    assert {one.file for one in found} <= {file}


# Sentences that are not about a place in YAML; test_config_files, _secrets, _reload.
ELSEWHERE = {
    "copy_unwritten",
    "credential_missing",
    "directory_missing",
    "file_cut",
    "file_misnamed",
    "file_missing",
    "file_too_big",
    "file_unreadable",
    "not_utf8",
    "poll_too_low",
    "secret_empty",
    "secret_mode",
    "secret_unreadable",
    "too_many",
}
# For types of pydantic that no model uses today.
NEVER = {"invalid"}


def test_every_sentence_is_provoked_by_some_mistake() -> None:
    here = {kind for _, kinds in CASES for kind in kinds.split()}
    assert here | ELSEWHERE | NEVER == set(messages.SENTENCES)
    assert not here & ELSEWHERE


def test_a_mark_at_the_wrong_place_would_be_noticed() -> None:
    """Red control: the same mistake, expected one column further."""
    file, marked = shared("keep: §alles")
    text, places = marks_of(marked.replace("§a", "a§"))
    found = problems_of(files_of(file, text))
    assert [(one.line, one.column) for one in found] != places


def test_the_table_is_as_long_as_promised() -> None:
    assert len(CASES) >= 150
