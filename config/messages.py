"""What the administrator reads: one sentence per kind of problem, German and English.

Guarantees: every kind of problem that the package can report has a sentence in both
languages and a stable code (E1xx); what pydantic reports is translated by its error
type. Sentences say what is there, what is wrong and what to write instead. German is
Swiss («ss», Sie-form). No sentence for a secret has room for the secret's value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Literal

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A code for people and search engines, and the sentence in both languages."""

    code: str
    de: str
    en: str


SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {
        # -- files ---------------------------------------------------------------
        "directory_missing": Sentence(
            "E101",
            "Das Konfigurationsverzeichnis {directory} gibt es nicht. Legen Sie es an "
            "oder nennen Sie das richtige mit --config.",
            "The configuration directory {directory} does not exist. Create it or "
            "name the right one with --config.",
        ),
        "file_missing": Sentence(
            "E102",
            "{file} fehlt. Vorlage kopieren und anpassen: cp {example} {target}",
            "{file} is missing. Copy the example and adapt it: cp {example} {target}",
        ),
        "file_misnamed": Sentence(
            "E102",
            "{file} fehlt, aber «{found}» ist da. Umbenennen: mv {source} {target}",
            "{file} is missing, but «{found}» is there. Rename it: mv {source} "
            "{target}",
        ),
        "file_unreadable": Sentence(
            "E103",
            "{file} lässt sich nicht lesen ({reason}). Prüfen Sie Art und Rechte der "
            "Datei: ls -l {target}",
            "{file} cannot be read ({reason}). Check what it is and its permissions: "
            "ls -l {target}",
        ),
        "file_too_big": Sentence(
            "E104",
            "Die Datei ist grösser als 1 MB; so lang ist keine Postfachliste.",
            "The file is larger than 1 MB; no list of mailboxes is that long.",
        ),
        "not_utf8": Sentence(
            "E105",
            "Die Datei ist hier nicht UTF-8. Speichern Sie sie im Editor mit der "
            "Kodierung UTF-8.",
            "The file is not UTF-8 here. Save it in your editor with the encoding "
            "UTF-8.",
        ),
        "file_empty": Sentence(
            "E106",
            "Die Datei ist leer oder besteht nur aus Kommentaren. Vorlage: {example}",
            "The file is empty or has only comments. Example: {example}",
        ),
        "file_cut": Sentence(
            "E107",
            "Die Datei ist wohl unvollständig gespeichert: die Schlusszeile «...» der "
            "letzten gültigen Fassung fehlt. Ergänzen Sie die Datei und diese Zeile.",
            "The file seems to be saved incompletely: the closing line «...» of the "
            "last good version is missing. Complete the file and add this line.",
        ),
        "copy_unwritten": Sentence(
            "E108",
            "Die letzte gültige Fassung liess sich nicht sichern ({reason}). Prüfen "
            "Sie Platz und Rechte: ls -ld {directory}",
            "The last good version could not be kept ({reason}). Check space and "
            "permissions: ls -ld {directory}",
        ),
        # -- YAML ----------------------------------------------------------------
        "tab": Sentence(
            "E110",
            "Hier steht ein Tabulator. YAML rückt mit Leerzeichen ein; ersetzen Sie "
            "ihn durch Leerzeichen.",
            "There is a tab here. YAML indents with spaces; replace it by spaces.",
        ),
        "hard_space": Sentence(
            "E110",
            "Hier steht ein geschütztes Leerzeichen (oft aus einer Webseite kopiert). "
            "Ersetzen Sie es durch ein gewöhnliches.",
            "There is a no-break space here (often copied from a web page). Replace "
            "it by an ordinary one.",
        ),
        "control_character": Sentence(
            "E111",
            "Hier steht ein unsichtbares Steuerzeichen ({character}). Löschen Sie es.",
            "There is an invisible control character here ({character}). Delete it.",
        ),
        "anchor": Sentence(
            "E112",
            "Anker und Verweise («&name», «*name») sind nicht erlaubt. Schreiben Sie "
            "den Wert aus; was mit «*» beginnt, gehört in Anführungszeichen.",
            "Anchors and aliases («&name», «*name») are not allowed. Write the value "
            "in full; what begins with «*» belongs in quotes.",
        ),
        "merge_key": Sentence(
            "E112",
            "«<<» ist nicht erlaubt. Was für alle Postfächer gilt, steht unter "
            "«defaults».",
            "«<<» is not allowed. What holds for all mailboxes goes under «defaults».",
        ),
        "tag": Sentence(
            "E113",
            "Typangaben mit «!» sind nicht erlaubt. Löschen Sie sie oder setzen Sie "
            "den Wert in Anführungszeichen.",
            "Type tags with «!» are not allowed. Delete it or put the value in quotes.",
        ),
        "duplicate_key": Sentence(
            "E114",
            "«{name}» steht schon in Zeile {first}. Löschen Sie eine der beiden "
            "Angaben.",
            "«{name}» already stands in line {first}. Delete one of the two.",
        ),
        "key_not_text": Sentence(
            "E115",
            "Hier gehört ein einfacher Name vor den Doppelpunkt.",
            "A plain name belongs before the colon here.",
        ),
        "several_documents": Sentence(
            "E116",
            "Hier beginnt ein zweites Dokument («---»). Jede Datei hat nur eines.",
            "A second document («---») begins here. Each file has only one.",
        ),
        "directive": Sentence(
            "E116",
            "Anweisungen mit «%» sind nicht erlaubt. Löschen Sie die Zeile.",
            "Directives with «%» are not allowed. Delete the line.",
        ),
        "too_deep": Sentence(
            "E117",
            "Zu tief verschachtelt. Wahrscheinlich stimmt die Einrückung nicht.",
            "Nested too deeply. The indentation is probably wrong.",
        ),
        "too_many": Sentence(
            "E117",
            "Zu viele Fehler; der Rest der Datei wurde nicht mehr geprüft.",
            "Too many errors; the rest of the file was not checked.",
        ),
        "unclosed_quote": Sentence(
            "E118",
            "Dieses Anführungszeichen wird nicht geschlossen.",
            "This quote is never closed.",
        ),
        "unclosed_bracket": Sentence(
            "E118",
            "Hier fehlt ein Komma, oder die Klammer aus Zeile {first} wird nicht "
            "geschlossen.",
            "A comma is missing here, or the bracket of line {first} is not closed.",
        ),
        "missing_colon": Sentence(
            "E118",
            "Hier fehlt ein Doppelpunkt mit Leerzeichen: «name: wert».",
            "A colon and a space are missing here: «name: value».",
        ),
        "stray_colon": Sentence(
            "E118",
            "Hier ist kein Doppelpunkt erlaubt: die Einrückung stimmt nicht, oder der "
            "Wert gehört in Anführungszeichen.",
            "No colon is allowed here: the indentation is wrong, or the value belongs "
            "in quotes.",
        ),
        "bad_indent": Sentence(
            "E118",
            "Die Einrückung passt nicht zu den Zeilen darüber.",
            "The indentation does not fit the lines above.",
        ),
        "bad_start": Sentence(
            "E118",
            "Ein Wert darf nicht mit «{character}» beginnen. Setzen Sie ihn in "
            "Anführungszeichen.",
            "A value must not begin with «{character}». Put it in quotes.",
        ),
        "star_unquoted": Sentence(
            "E118",
            "Was mit «*» oder «&» beginnt, gehört in Anführungszeichen: "
            '"*@bank.example".',
            'What begins with «*» or «&» belongs in quotes: "*@bank.example".',
        ),
        "syntax": Sentence(
            "E118",
            "Das ist hier kein gültiges YAML. Prüfen Sie Einrückung, Klammern und "
            "Anführungszeichen dieser Zeile.",
            "This is not valid YAML. Check indentation, brackets and quotes of this "
            "line.",
        ),
        # -- keys and plain values -----------------------------------------------
        "unknown_key": Sentence(
            "E120",
            "Unbekannter Schlüssel «{name}».",
            "Unknown key «{name}».",
        ),
        "missing": Sentence(
            "E121",
            "Pflichtangabe «{name}» fehlt.",
            "Required setting «{name}» is missing.",
        ),
        "empty_value": Sentence(
            "E122",
            "Nach «{name}:» fehlt der Wert.",
            "The value after «{name}:» is missing.",
        ),
        "empty_item": Sentence(
            "E122",
            "Dieser Listeneintrag ist leer. «#» beginnt in YAML einen Kommentar; "
            "schreiben Sie Schlagworte ohne «#».",
            "This list item is empty. «#» begins a comment in YAML; write keywords "
            "without «#».",
        ),
        "not_allowed": Sentence(
            "E123",
            "«{value}» ist nicht erlaubt. Erlaubt: {allowed}.",
            "«{value}» is not allowed. Allowed: {allowed}.",
        ),
        "bool_word": Sentence(
            "E124",
            "«{value}» ist kein Ja/Nein-Wert. Schreiben Sie true oder false.",
            "«{value}» is not a yes/no value. Write true or false.",
        ),
        "int_word": Sentence(
            "E125",
            "«{value}» ist keine ganze Zahl. Schreiben Sie nur Ziffern, ohne Einheit.",
            "«{value}» is not a whole number. Write digits only, without a unit.",
        ),
        "date_word": Sentence(
            "E126",
            "«{value}» ist kein Datum. Schreiben Sie Jahr-Monat-Tag, zum Beispiel "
            "2026-11-02.",
            "«{value}» is not a date. Write year-month-day, for example 2026-11-02.",
        ),
        "too_small": Sentence(
            "E127",
            "{value} ist zu klein, mindestens {limit}.",
            "{value} is too small, at least {limit}.",
        ),
        "too_large": Sentence(
            "E127",
            "{value} ist zu gross, höchstens {limit}.",
            "{value} is too large, at most {limit}.",
        ),
        "needs_text": Sentence(
            "E128",
            "«{name}» braucht hier einen einfachen Wert.",
            "«{name}» needs a plain value here.",
        ),
        "needs_list": Sentence(
            "E128",
            "«{name}» braucht eine Liste: [eins, zwei], oder je Zeile eines mit «- ».",
            "«{name}» needs a list: [one, two], or one per line after «- ».",
        ),
        "needs_mapping": Sentence(
            "E128",
            "«{name}» braucht Angaben der Form «schlüssel: wert».",
            "«{name}» needs settings of the form «key: value».",
        ),
        "list_empty": Sentence(
            "E129",
            "Die Liste «{name}» ist leer. Mindestens ein Eintrag muss dastehen.",
            "The list «{name}» is empty. At least one item is needed.",
        ),
        "text_blank": Sentence(
            "E130",
            "Hier steht ein leerer Text.",
            "There is an empty text here.",
        ),
        "text_long": Sentence(
            "E130",
            "Der Text ist zu lang, höchstens {limit} Zeichen.",
            "The text is too long, at most {limit} characters.",
        ),
        "text_lines": Sentence(
            "E130",
            "Der Text muss auf einer Zeile stehen.",
            "The text must stand on one line.",
        ),
        "shape": Sentence(
            "E131",
            "«{value}» geht hier nicht. Erlaubt sind Buchstaben und Ziffern, "
            "dazwischen auch «-», «_» und «.», höchstens {limit} Zeichen.",
            "«{value}» does not do here. Letters and digits are allowed, between them "
            "«-», «_» and «.», at most {limit} characters.",
        ),
        "prefix_shape": Sentence(
            "E131",
            "«{value}» geht nicht als Präfix. Erlaubt sind 1 bis 10 Grossbuchstaben "
            "A–Z und Ziffern, vorne ein Buchstabe.",
            "«{value}» does not do as a prefix. 1 to 10 capital letters A–Z and digits "
            "are allowed, a letter first.",
        ),
        "invalid": Sentence(
            "E132",
            "Der Wert von «{name}» passt hier nicht.",
            "The value of «{name}» does not fit here.",
        ),
        # -- addresses, hosts, places --------------------------------------------
        "address": Sentence(
            "E140",
            "«{value}» ist keine gültige E-Mail-Adresse.",
            "«{value}» is not a valid e-mail address.",
        ),
        "address_letters": Sentence(
            "E140",
            "«{value}»: vor dem «@» sind nur Buchstaben ohne Umlaute und Akzente "
            "erlaubt (ähnlich aussehende Zeichen anderer Schriften auch nicht).",
            "«{value}»: before the «@» only plain Latin letters are allowed (no "
            "accents, no look-alike letters of other scripts).",
        ),
        "domain": Sentence(
            "E141",
            "«{value}» ist keine gültige Domäne. Beispiel: werft.example",
            "«{value}» is not a valid domain. Example: werft.example",
        ),
        "endpoint": Sentence(
            "E142",
            "«{value}» ist keine Serveradresse. Beispiel: "
            "https://mail.werft.example/EWS/Exchange.asmx",
            "«{value}» is not a server address. Example: "
            "https://mail.werft.example/EWS/Exchange.asmx",
        ),
        "endpoint_secret": Sentence(
            "E142",
            "In der Serveradresse stehen Anmeldedaten. Benutzen Sie «login» und "
            "«password».",
            "The server address contains a log-in. Use «login» and «password».",
        ),
        "receiver": Sentence(
            "E142",
            "«{value}» ist weder ein Netz noch ein Rechnername. Beispiel: 10.0.0.0/8 "
            "oder erp.werft.example",
            "«{value}» is neither a network nor the name of a host. Example: "
            "10.0.0.0/8 or erp.werft.example",
        ),
        "issuer": Sentence(
            "E142",
            "«{value}» ist kein Aussteller. Beispiel: "
            "https://login.microsoftonline.com/<Mandant>/v2.0",
            "«{value}» is no issuer. Example: "
            "https://login.microsoftonline.com/<tenant>/v2.0",
        ),
        "oidc_public_url": Sentence(
            "E143",
            "Anmelden mit «oidc» braucht «public_url»: dorthin schickt der Aussteller "
            "die Leute zurück.",
            "Signing in by «oidc» needs «public_url»: there the issuer sends people "
            "back.",
        ),
        "frame": Sentence(
            "E142",
            "«{value}» ist keine Herkunft einer Seite. Beispiel: "
            "https://erp.werft.example",
            "«{value}» is not the origin of a page. Example: https://erp.werft.example",
        ),
        "listen": Sentence(
            "E143",
            "«{value}» ist keine Adresse zum Horchen. Beispiel: 127.0.0.1:8080 oder "
            "unix:/run/mailsync/web.sock",
            "«{value}» is not an address to listen on. Example: 127.0.0.1:8080 or "
            "unix:/run/mailsync/web.sock",
        ),
        "timezone": Sentence(
            "E144",
            "«{value}» ist keine bekannte Zeitzone (Beispiel: Europe/Zurich).",
            "«{value}» is not a known time zone (example: Europe/Zurich).",
        ),
        "database": Sentence(
            "E145",
            "Das ist keine Datenbankadresse. Erlaubt: sqlite:////absoluter/Pfad.db "
            "(vier Schrägstriche) oder postgresql://benutzer@host/name",
            "This is not a database address. Allowed: sqlite:////absolute/path.db "
            "(four slashes) or postgresql://user@host/name",
        ),
        "database_relative": Sentence(
            "E145",
            "Der Pfad der Datenbank muss absolut sein: sqlite:////absoluter/Pfad.db, "
            "mit vier Schrägstrichen.",
            "The path of the database must be absolute: sqlite:////absolute/path.db, "
            "with four slashes.",
        ),
        "database_secret": Sentence(
            "E146",
            "Das Passwort gehört nicht in diese Datei. Nehmen Sie es aus der Adresse "
            "und schreiben Sie «database_password: {{file: /pfad}}» dazu.",
            "The password does not belong in this file. Take it out of the address "
            "and add «database_password: {{file: /path}}».",
        ),
        "path_relative": Sentence(
            "E147",
            "Hier gehört ein absoluter Pfad hin, der mit «/» beginnt.",
            "An absolute path is needed here, one that begins with «/».",
        ),
        "path_missing": Sentence(
            "E147",
            "Die Datei {path} gibt es nicht.",
            "The file {path} does not exist.",
        ),
        "folder_name": Sentence(
            "E148",
            "«{value}» geht hier nicht als Ordner. Erlaubt: inbox, sent oder der Pfad "
            "eines eigenen Ordners. Aufgaben und Kalender: «tasks: true», «calendar: "
            "true».",
            "«{value}» does not do as a folder here. Allowed: inbox, sent or the path "
            "of an own folder. Tasks and calendar: «tasks: true», «calendar: true».",
        ),
        "keyword_shape": Sentence(
            "E149",
            "«{value}» geht nicht als Schlagwort: ein Wort ohne Leerzeichen, mit "
            "mindestens einem Buchstaben, ohne «#».",
            "«{value}» does not do as a keyword: one word without spaces, with at "
            "least one letter, without «#».",
        ),
        # -- secrets -------------------------------------------------------------
        "secret_form": Sentence(
            "E150",
            "Ein Passwort gehört nicht in diese Datei. Schreiben Sie, woher es kommt: "
            "{{file: /pfad}}, {{credential: name}} oder {{env: NAME}}.",
            "A password does not belong in this file. Write where it comes from: "
            "{{file: /path}}, {{credential: name}} or {{env: NAME}}.",
        ),
        "secret_one": Sentence(
            "E150",
            "Genau eine Herkunft des Passworts muss dastehen: file, credential oder "
            "env.",
            "Exactly one source of the password is needed: file, credential or env.",
        ),
        "secret_name": Sentence(
            "E150",
            "So heisst keine Umgebungsvariable und kein Credential: nur Buchstaben, "
            "Ziffern, «_», «-» und «.».",
            "No environment variable or credential has such a name: letters, digits, "
            "«_», «-» and «.» only.",
        ),
        "secret_missing": Sentence(
            "E151",
            "Die Passwortdatei {path} gibt es nicht. Anlegen: install -m 600 /dev/null "
            "{path}, dann das Passwort hineinschreiben.",
            "The password file {path} does not exist. Create it: install -m 600 "
            "/dev/null {path}, then write the password into it.",
        ),
        "secret_mode": Sentence(
            "E152",
            "Die Passwortdatei {path} ist für andere lesbar (Rechte {mode}). Beheben: "
            "chmod 600 {path}",
            "The password file {path} is readable for others (mode {mode}). Fix: "
            "chmod 600 {path}",
        ),
        "secret_unreadable": Sentence(
            "E153",
            "Das Passwort aus {path} lässt sich nicht lesen ({reason}).",
            "The password of {path} cannot be read ({reason}).",
        ),
        "secret_empty": Sentence(
            "E153",
            "Das Passwort aus {path} ist leer.",
            "The password of {path} is empty.",
        ),
        "env_missing": Sentence(
            "E154",
            "Die Umgebungsvariable {name} ist nicht gesetzt.",
            "The environment variable {name} is not set.",
        ),
        "credential_missing": Sentence(
            "E155",
            "Das Credential «{name}» ist nicht da. In der Unit: "
            "LoadCredentialEncrypted={name}:/etc/credstore.encrypted/mailsync.{name}",
            "The credential «{name}» is not there. In the unit: "
            "LoadCredentialEncrypted={name}:/etc/credstore.encrypted/mailsync.{name}",
        ),
        # -- one against the other -----------------------------------------------
        "address_twice": Sentence(
            "E160",
            "{address} steht schon in Zeile {first}.",
            "{address} already stands in line {first}.",
        ),
        "employee_twice": Sentence(
            "E161",
            "Der Schlüssel «{key}» gehört schon zum Postfach in Zeile {first}. "
            "Unterscheiden Sie die Personen mit «employee:».",
            "The key «{key}» already belongs to the mailbox in line {first}. Tell "
            "the persons apart by «employee:».",
        ),
        "server_unknown": Sentence(
            "E162",
            "Server «{name}» steht nicht unter «servers». Dort stehen: {known}.",
            "Server «{name}» is not under «servers». There are: {known}.",
        ),
        "server_needed": Sentence(
            "E162",
            "Es gibt mehrere Server ({known}). Schreiben Sie «server: NAME» dazu.",
            "There are several servers ({known}). Add «server: NAME».",
        ),
        "group_unknown": Sentence(
            "E163",
            "Die Gruppe «{name}» gibt es nicht. Bekannt: {known}. Eigene Gruppen "
            "stehen in mailboxes.yaml unter «staff_groups».",
            "There is no group «{name}». Known: {known}. Own groups stand in "
            "mailboxes.yaml under «staff_groups».",
        ),
        "shared_tasks": Sentence(
            "E164",
            "«{name}: true» geht nur bei «kind: person»: Aufgaben und Termine gehören "
            "einer Person.",
            "«{name}: true» works with «kind: person» only: tasks and appointments "
            "belong to a person.",
        ),
        "shared_ignored": Sentence(
            "E165",
            "«{name}» gilt nur bei «kind: person» und bleibt hier ohne Wirkung.",
            "«{name}» counts with «kind: person» only and has no effect here.",
        ),
        "not_informed": Sentence(
            "E166",
            "Person ohne «informed»: das Postfach wird nicht gelesen, bis ein Datum "
            "dasteht.",
            "Person without «informed»: the mailbox is not read until a date is there.",
        ),
        "informed_later": Sentence(
            "E166",
            "«informed» liegt in der Zukunft: das Postfach wird erst ab {day} gelesen.",
            "«informed» lies in the future: the mailbox is not read before {day}.",
        ),
        "domain_not_internal": Sentence(
            "E167",
            "Die Domäne {domain} fehlt unter «internal_domains».",
            "The domain {domain} is missing under «internal_domains».",
        ),
        "cloud_ews": Sentence(
            "E168",
            "Exchange Online nimmt EWS nicht mehr an: Microsoft schaltet es seit dem "
            "1. Oktober 2026 ab, endgültig am 1. April 2027. Dafür ist «backend: "
            "graph» vorgesehen; das ist noch nicht verfügbar.",
            "Exchange Online no longer accepts EWS: Microsoft is switching it off "
            "since 1 October 2026 and ends it on 1 April 2027. «backend: graph» is "
            "meant for it; that is not available yet.",
        ),
        "graph_later": Sentence(
            "E169",
            "«backend: graph» ist noch nicht verfügbar. Diese Fassung liest nur "
            "Exchange Server (2016, 2019, SE) über «backend: ews».",
            "«backend: graph» is not available yet. This version reads Exchange "
            "Server (2016, 2019, SE) by «backend: ews» only.",
        ),
        "certificate_later": Sentence(
            "E169",
            "«auth: certificate» gehört zu «backend: graph»; das ist noch nicht "
            "verfügbar. Für Exchange Server: ntlm, kerberos, basic oder digest.",
            "«auth: certificate» belongs to «backend: graph»; that is not available "
            "yet. For Exchange Server: ntlm, kerberos, basic or digest.",
        ),
        "not_encrypted": Sentence(
            "E170",
            "Die Verbindung zu {host} ist unverschlüsselt (http). Passwort und E-Mails "
            "sind im Netz lesbar; schreiben Sie https.",
            "The connection to {host} is not encrypted (http). Password and mail are "
            "readable on the network; write https.",
        ),
        "poll_too_low": Sentence(
            "E171",
            "«poll» ist zu tief für so viele Postfächer: {rate} Anfragen pro Sekunde "
            "an «{server}», empfohlen höchstens {limit}. Setzen Sie poll auf "
            "mindestens {poll}.",
            "«poll» is too low for so many mailboxes: {rate} requests per second to "
            "«{server}», advised at most {limit}. Set poll to at least {poll}.",
        ),
        "key_twice": Sentence(
            "E172",
            "Der Schlüssel «{key}» steht schon in Zeile {first}.",
            "The key «{key}» already stands in line {first}.",
        ),
        "keyword_twice": Sentence(
            "E173",
            "Das Schlagwort «{keyword}» gehört schon zu Subtag «{subtag}» in Zeile "
            "{first}.",
            "The keyword «{keyword}» already belongs to subtag «{subtag}» in line "
            "{first}.",
        ),
    }
)

_GUESS = Sentence("", " Meinten Sie «{guess}»?", " Did you mean «{guess}»?")

# pydantic's error type -> our kind of problem. Types that are not here are our own
# kinds (raised in ``values``) or fall back to "invalid".
BY_PYDANTIC_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "missing": "missing",
        "extra_forbidden": "unknown_key",
        "literal_error": "not_allowed",
        "string_type": "needs_text",
        "bool_type": "needs_text",
        "int_type": "needs_text",
        "date_type": "needs_text",
        "path_type": "needs_text",
        "tuple_type": "needs_list",
        "list_type": "needs_list",
        "dict_type": "needs_mapping",
        "mapping_type": "needs_mapping",
        "model_type": "needs_mapping",
        "model_attributes_type": "needs_mapping",
        "greater_than_equal": "too_small",
        "less_than_equal": "too_large",
        "too_short": "list_empty",
    }
)


def kind_of(pydantic_type: str) -> str:
    """The kind of problem behind a pydantic error type; "invalid" if unknown."""
    if pydantic_type in BY_PYDANTIC_TYPE:
        return BY_PYDANTIC_TYPE[pydantic_type]
    return pydantic_type if pydantic_type in SENTENCES else "invalid"


def code(kind: str) -> str:
    """The stable code (E1xx) of a kind of problem."""
    return SENTENCES[kind].code


@cache
def names_in(kind: str) -> frozenset[str]:
    """What a kind's sentence needs to be told; nothing else is to be kept."""
    both = SENTENCES[kind].de + SENTENCES[kind].en
    fields = Formatter().parse(both)
    return frozenset(name for _, name, _, _ in fields if name) | {"guess"}


def sentence(kind: str, language: Language, values: Mapping[str, str]) -> str:
    """The sentence with its values; with «Meinten Sie …?» if values has a guess."""
    parts = [SENTENCES[kind]]
    if values.get("guess"):
        parts.append(_GUESS)
    texts = [part.de if language == "de" else part.en for part in parts]
    return "".join(texts).format_map(values)
