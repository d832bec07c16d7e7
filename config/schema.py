"""The models: everything an administrator may say, with defaults, and nothing else.

Unknown keys are errors, models are frozen, lists are tuples. The strings below the
fields are the German descriptions that editors show (JSON Schema) and that
docs/admin.de.md repeats. What one value must look like is in ``config.values``, what
must fit together across values and files in ``config.checks``.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from config.values import (
    DIGITS,
    AbsolutePath,
    Address,
    DatabaseUrl,
    Day,
    Domain,
    Endpoint,
    Folder,
    Frame,
    Issuer,
    Key,
    Keyword,
    Listen,
    Never,
    PathBeside,
    Prefix,
    Receiver,
    Seconds,
    SecretName,
    Text,
    Timezone,
    YesNo,
    refuse,
)

Access = Literal["full", "read", "none"]
Auth = Literal["basic", "ntlm", "kerberos", "digest", "certificate"]
InternalOnly = Literal["suggest", "link", "ignore"]
Keep = Literal["headers", "linked", "all"]
Kind = Literal["shared", "person"]
Requirable = Literal[
    "title", "address", "subtag", "description", "follow_up_on", "note"
]
Triage = Literal["known", "replies", "all"]
Visibility = Literal["full", "subject", "none"]

STANDARD_STAFF_GROUPS = ("GL", "Administration", "Werkstatt")
DEFAULT_STATE = Path("/var/lib/mailsync")
DEFAULT_POLL = 60

_V = TypeVar("_V")
# So that nobody writes into a frozen model.
_READ_ONLY = AfterValidator(MappingProxyType)
_ByName = Annotated[Mapping[Text, _V], _READ_ONLY]


def _none() -> Mapping[str, _V]:
    return MappingProxyType({})


class _Said(BaseModel):
    """Base of all: no unknown keys, frozen, input never in an error's text."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class SecretRef(_Said):
    """Woher ein Passwort kommt; genau eine der drei Angaben."""

    file: PathBeside | None = None
    """Datei mit dem Passwort, Rechte 0600; relativ zum Konfigurationsverzeichnis."""
    credential: SecretName | None = None
    """Name eines systemd-Credentials (`LoadCredential…=` in der Unit)."""
    env: SecretName | None = None
    """Name einer Umgebungsvariablen."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(x is not None for x in (self.file, self.credential, self.env)) != 1:
            raise refuse("secret_one")
        return self


# -- service.yaml ------------------------------------------------------------------


class LoggingConfig(_Said):
    """Was der Dienst ins Protokoll schreibt."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Ab welcher Stufe; nur `debug` nennt Betreffe und Adressen."""
    format: Literal["auto", "json", "console"] = "auto"
    """`auto`: Text auf einem Terminal, sonst eine JSON-Zeile je Ereignis."""


class RetentionConfig(_Said):
    """Wie lange etwas aufbewahrt wird."""

    unlinked_days: Annotated[int, Field(ge=1, le=365), DIGITS] = 90
    """Tage, nach denen Kopfdaten nicht verlinkter E-Mails verfallen."""


class LimitsConfig(_Said):
    """Grenzen, die den Dienst und den Server schonen."""

    page_size: Annotated[int, Field(ge=10, le=512), DIGITS] = 100
    """Änderungen je Seite; eine Seite ist eine Transaktion."""
    fetch_size: Annotated[int, Field(ge=1, le=100), DIGITS] = 100
    """E-Mails, die höchstens auf einmal abgerufen werden."""
    attachment_mb: Annotated[int, Field(ge=0, le=150), DIGITS] = 25
    """Grösster Anhang in MB, der von verlinkten E-Mails gespeichert wird."""
    keyword_effects_per_hour: Annotated[int, Field(ge=1, le=1000), DIGITS] = 30
    """Wirkungen von Schlagworten je Postfach und Stunde; der Rest wartet."""


class OidcConfig(_Said):
    """Anmelden mit Microsoft (Entra ID) oder einem anderen OpenID-Connect-Dienst."""

    issuer: Issuer
    """Aussteller; bei Entra ID `https://login.microsoftonline.com/<Mandant>/v2.0`."""
    client_id: Text
    """Kennung der Anwendung, wie sie beim Aussteller registriert ist."""
    client_secret: SecretRef
    """Herkunft ihres Geheimnisses."""
    claim: Text = "roles"
    """Angabe des Ausstellers, die sagt, wer in welche Gruppe gehört."""
    roles: Annotated[Mapping[Text, Text], Field(min_length=1), _READ_ONLY]
    """Wert dieser Angabe -> Gruppe; wer keinen davon hat, kommt nicht hinein."""


class WebConfig(_Said):
    """Webseiten und Schnittstellen; eine Änderung gilt nach deren Neustart."""

    listen: Listen = "127.0.0.1:8080"
    """Adresse zum Horchen: `host:port` oder `unix:/pfad`."""
    public_url: Endpoint | None = None
    """Adresse, unter der die Mitarbeitenden die Seiten öffnen."""
    webhooks_allow: tuple[Receiver, ...] = ()
    """Netze (`10.0.0.0/8`) und Rechnernamen, an die Webhooks gehen dürfen, obwohl sie
    nicht öffentlich sind; nur dort auch ohne TLS."""
    frame_ancestors: tuple[Frame, ...] = ()
    """Adressen (`https://erp.werft.example`), deren Seiten die Belegtafel in einem
    Rahmen zeigen dürfen."""
    oidc: OidcConfig | None = None
    """Anmelden mit Microsoft; Konten mit Passwort gibt es daneben weiterhin."""


class ServiceConfig(_Said):
    """service.yaml: Datenbank, Zeitzone und Betrieb des Dienstes."""

    database: DatabaseUrl
    """`sqlite:////absoluter/Pfad.db` oder `postgresql://benutzer@host/name`."""
    database_password: SecretRef | None = None
    """Herkunft des Passworts von PostgreSQL; nie in der Adresse selbst."""
    timezone: Timezone = "Europe/Zurich"
    """Zeitzone des Betriebs (Termine, Tageswechsel)."""
    locale: Literal["de", "en"] = "de"
    """Sprache der Meldungen."""
    state_dir: AbsolutePath | None = None
    """Verzeichnis für Anhänge und die letzte gültige Konfiguration; ohne Angabe das
    der SQLite-Datei, sonst `/var/lib/mailsync`."""
    poll: Seconds = DEFAULT_POLL
    """Sekunden zwischen zwei Abfragen eines Postfachs, wo nichts anderes steht."""
    logging: LoggingConfig = LoggingConfig()
    """Protokoll des Dienstes."""
    retention: RetentionConfig = RetentionConfig()
    """Aufbewahrung."""
    limits: LimitsConfig = LimitsConfig()
    """Grenzen."""
    web: WebConfig = WebConfig()
    """Webseiten und Schnittstellen."""

    @property
    def state_directory(self) -> Path:
        """Where the service keeps its files: said, beside SQLite, or the default."""
        if self.state_dir is not None:
            return self.state_dir
        parts = urlsplit(self.database)
        if parts.scheme == "sqlite":
            return Path(unquote(parts.path.removeprefix("/"))).parent
        return DEFAULT_STATE


# -- mailboxes.yaml ----------------------------------------------------------------


class ServerConfig(_Said):
    """Ein Exchange-Server und wie man sich an ihm anmeldet."""

    backend: Literal["ews", "graph"] = "ews"
    """`ews` für Exchange Server; `graph` ist noch nicht verfügbar."""
    endpoint: Endpoint | None = None
    """Adresse von EWS, z. B. `https://mail.werft.example/EWS/Exchange.asmx`."""
    auth: Auth
    """Art der Anmeldung: `ntlm`, `kerberos`, `basic` oder `digest`."""
    access: Literal["impersonation", "delegate"] = "impersonation"
    """Recht ApplicationImpersonation, oder Vollzugriff auf jedes Postfach."""
    login: Text | None = None
    """Name des Dienstkontos (ausser bei `kerberos`)."""
    password: SecretRef | None = None
    """Herkunft des Passworts (ausser bei `kerberos`)."""
    ca_file: PathBeside | None = None
    """Zertifikate der Firmen-CA (PEM), falls das System sie nicht kennt."""
    authserv_id: Text | None = None
    """Wessen `Authentication-Results` gelten; ohne Angabe kein DMARC-Urteil."""
    version: Literal["2016", "2019", "SE"] | None = None
    """Exchange-Version, falls sie nicht vom Server erfragt werden soll."""
    timeout: Annotated[int, Field(ge=5, le=600), DIGITS] = 60
    """Sekunden, nach denen eine Anfrage ohne Antwort abgebrochen wird."""


class KeywordsConfig(_Said):
    """Schlagworte im Betreff."""

    token_prefix: Prefix = "CRM"
    """Präfix der Eintragsnummer im Betreff: `[CRM-1042]`."""


class DefaultsConfig(_Said):
    """Was für alle Postfächer gilt, bei denen nichts anderes steht."""

    poll: Seconds | None = None
    """Sekunden zwischen zwei Abfragen; ohne Angabe gilt service.yaml (60)."""
    since: Day | None = None
    """Ältere E-Mails werden nicht gelesen; ohne Angabe alle."""
    keep: Keep = "linked"
    """Welche Inhalte gespeichert werden: keine, die der verlinkten E-Mails, alle."""
    triage: Triage = "known"
    """Was unter «Nicht zugeordnet» erscheint: bekannte Absender, auch Antworten, alles."""
    internal_only: InternalOnly = "suggest"
    """Rein interne E-Mails in einem Eintrag: vorschlagen, verlinken, weglassen."""
    visibility: Visibility = "full"
    """Was jede Gruppe sieht, wo ein Postfach keine `groups` nennt."""
    folders: Annotated[tuple[Folder, ...], Field(min_length=1)] = ("inbox", "sent")
    """Gelesene Ordner: `inbox`, `sent` oder Pfade eigener Ordner."""
    subfolders: YesNo = False
    """Auch die Unterordner (die zum Beispiel Regeln füllen)."""
    skip: tuple[Folder, ...] = ()
    """Ordner, die nie gelesen werden."""


class MailboxConfig(_Said):
    """Ein Postfach. Nicht aufgeführte Postfächer werden nie angefragt."""

    address: Address
    """Primäre E-Mail-Adresse."""
    kind: Kind
    """`shared`: Postfach des Betriebs; `person`: Postfach eines Menschen."""
    name: Text | None = None
    """Anzeigename; ohne Angabe der Teil vor dem «@»."""
    server: Text | None = None
    """Name unter `servers`; darf fehlen, wo es nur einen gibt."""
    employee: Key | None = None
    """Schlüssel der Person; ohne Angabe der Teil vor dem «@»."""
    informed: Day | None = None
    """Datum, an dem die Person die Datenschutz-Info bekam; vorher wird nicht gelesen."""
    folders: Annotated[tuple[Folder, ...], Field(min_length=1)] | None = None
    """Gelesene Ordner: `inbox`, `sent` oder Pfade eigener Ordner."""
    subfolders: YesNo | None = None
    """Auch die Unterordner."""
    skip: tuple[Folder, ...] | None = None
    """Ordner, die nie gelesen werden."""
    keep: Keep | None = None
    """Welche Inhalte gespeichert werden: `headers`, `linked`, `all`."""
    since: Day | None = None
    """Ältere E-Mails werden nicht gelesen."""
    poll: Seconds | None = None
    """Sekunden zwischen zwei Abfragen."""
    tasks: YesNo = False
    """«Erledigen bis» wird zur Outlook-Aufgabe (nur `person`)."""
    calendar: YesNo = False
    """«Erledigen am» wird zum Kalendereintrag (nur `person`)."""
    groups: _ByName[Visibility] = Field(default_factory=_none)
    """Was welche Gruppe von den E-Mails sieht (`full`, `subject`, `none`); die nicht
    genannten sehen dann nichts, ausser `visibility` steht dabei."""
    staff_groups: tuple[Text, ...] = ()
    """Gruppen, in denen die Person ist (nur `person`)."""
    internal_only: InternalOnly | None = None
    """Rein interne E-Mails in einem Eintrag: `suggest`, `link`, `ignore`."""
    visibility: Visibility | None = None
    """Was die unter `groups` nicht genannten Gruppen sehen."""
    triage: Triage | None = None
    """Was unter «Nicht zugeordnet» erscheint: `known`, `replies`, `all`."""


class MailboxesConfig(_Said):
    """mailboxes.yaml: Server, interne Domänen und die Liste aller Postfächer."""

    servers: Annotated[Mapping[Text, ServerConfig], Field(min_length=1), _READ_ONLY]
    """Exchange-Server, je mit einem Namen; meist einer."""
    internal_domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    """Domänen des Betriebs; wer dort eine Adresse hat, ist intern."""
    staff_groups: tuple[Text, ...] = ()
    """Eigene Gruppen ausser GL, Administration und Werkstatt."""
    keywords: KeywordsConfig = KeywordsConfig()
    """Schlagworte im Betreff."""
    defaults: DefaultsConfig = DefaultsConfig()
    """Was für alle Postfächer gilt, bei denen nichts anderes steht."""
    never: tuple[Never, ...] = ()
    """Adressen und Domänen (`"*@bank.example"`), deren E-Mails nie gelesen werden."""
    mailboxes: Annotated[tuple[MailboxConfig, ...], Field(min_length=1)]
    """Die Postfächer."""


# -- taxonomy.yaml -----------------------------------------------------------------


class SubtagConfig(_Said):
    """Ein Subtag; jeder Eintrag hat genau einen."""

    key: Key
    """Schlüssel für Programme und Befehle, im ganzen Verzeichnis einmalig."""
    name: Text
    """Anzeigename."""
    keywords: tuple[Keyword, ...] = ()
    """Schlagworte für den Betreff, ohne «#»."""
    required: tuple[Requirable, ...] = ()
    """Zusätzliche Pflichtfelder des Eintrags: `description`, `follow_up_on`, `note`."""
    task_templates: tuple[Text, ...] = ()
    """Aufgaben, die bei einem neuen Eintrag vorgeschlagen werden."""


class TagConfig(_Said):
    """Ein Tag mit seinen Subtags."""

    key: Key
    """Schlüssel, in der Gruppe einmalig."""
    name: Text
    """Anzeigename."""
    subtags: tuple[SubtagConfig, ...] = ()
    """Die Subtags."""


class TagGroupConfig(_Said):
    """Eine Gruppe von Tags und wer ihre Einträge sehen darf."""

    key: Key
    """Schlüssel, einmalig."""
    name: Text
    """Anzeigename."""
    access: _ByName[Access] = Field(default_factory=_none)
    """Recht je Gruppe der Mitarbeitenden; nicht genannt heisst `none`."""
    tags: tuple[TagConfig, ...] = ()
    """Die Tags."""


class Taxonomy(_Said):
    """taxonomy.yaml: Gruppe › Tag › Subtag, für die erste Inbetriebnahme."""

    groups: Annotated[tuple[TagGroupConfig, ...], Field(min_length=1)]
    """Die Gruppen."""


MODEL_OF_FILE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "service.yaml": ServiceConfig,
        "mailboxes.yaml": MailboxesConfig,
        "taxonomy.yaml": Taxonomy,
    }
)
