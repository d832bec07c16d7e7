"""Kinds of value that an administrator writes, and how each is read from text.

The loader hands over every plain value as text, so nothing is bent by YAML: ``no``,
``12:30`` and ``0123`` stay what they are, and a type reads its own notation only.
Guarantees: addresses and domains come out lower-case with the domain in its IDNA
(ASCII) form, so look-alikes stay distinct; what does not fit raises a
PydanticCustomError whose type is a kind of ``config.messages``. Pure; no network.
"""

import ipaddress
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from config.guess import nearest

_LONGEST_TEXT = 200
_LONGEST_KEY = 64
_LONGEST_FOLDER = 255
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KEY_SHAPE = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")


def refuse(kind: str, **values: object) -> PydanticCustomError:
    """The error for a kind of problem; ``values`` fill its sentence."""
    context: dict[str, Any] = {name: str(value) for name, value in values.items()}
    return PydanticCustomError(kind, "see config.messages", context)


# -- plain values ------------------------------------------------------------------


def read_yes_no(value: object) -> object:
    """``true`` or ``false``; other words are refused, other types left to pydantic."""
    if not isinstance(value, str):
        return value
    if value in {"true", "True", "TRUE"}:
        return True
    if value in {"false", "False", "FALSE"}:
        return False
    raise refuse("bool_word", value=value)


def read_number(value: object) -> object:
    """Decimal digits only: no sign but minus, no unit, no leading zero, no base."""
    if isinstance(value, bool):
        raise refuse("int_word", value=str(value).lower())
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"-?(?:0|[1-9][0-9]{0,8})", value):
        raise refuse("int_word", value=value)
    return int(value)


def read_day(value: object) -> object:
    """A date written 2026-11-02; the Swiss order is refused with a guess."""
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refuse("date_word", value=value) from None
    swiss = re.fullmatch(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})", value)
    if swiss:
        day, month, year = swiss.groups()
        guess = f"{year}-{month:0>2}-{day:0>2}"
        raise refuse("date_word", value=value, guess=guess)
    raise refuse("date_word", value=value)


def read_text(value: str) -> str:
    """One line of text, trimmed, not empty."""
    text = value.strip()
    if not text:
        raise refuse("text_blank")
    if len(text) > _LONGEST_TEXT:
        raise refuse("text_long", limit=_LONGEST_TEXT)
    if "\n" in text:
        raise refuse("text_lines")
    return text


def read_key(value: str) -> str:
    """A short name that programs use: letters, digits, and - _ . between them."""
    if len(value) > _LONGEST_KEY or not _KEY_SHAPE.fullmatch(value):
        raise refuse("shape", value=value, limit=_LONGEST_KEY)
    return value


def read_prefix(value: str) -> str:
    """The letters of ``[CRM-1042]``."""
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,9}", value):
        raise refuse("prefix_shape", value=value)
    return value


def read_keyword(value: str) -> str:
    """A word that staff write as ``#word``; one leading ``#`` is taken off."""
    word = unicodedata.normalize("NFC", value.strip()).removeprefix("#")
    fits = len(word) <= _LONGEST_KEY and re.fullmatch(r"[\w-]+", word)
    if not fits or not re.search(r"[^\W\d_]", word):
        raise refuse("keyword_shape", value=value)
    return word


def folded(keyword: str) -> str:
    """The form in which two keywords count as the same one."""
    return unicodedata.normalize("NFKC", keyword).casefold()


# -- addresses ---------------------------------------------------------------------


def read_address(value: str) -> str:
    """An SMTP address, lower-case, domain in ASCII. Raises "address" if it is none.

    Syntax by email-validator without any look-up; company-internal domains (.local)
    and reserved test domains (.example, .test) are allowed. Before the @ only ASCII:
    Exchange has no others as primary addresses, and look-alikes end here.
    """
    text = value.strip()
    local, at, domain = text.rpartition("@")
    if not at or not local or "." not in domain:
        raise refuse("address", value=value)
    if not local.isascii():
        raise refuse("address_letters", value=value)
    # email-validator refuses .local, which many Exchange forests are named by.
    suffix = ".example" if domain.lower().endswith(".local") else ""
    try:
        checked = validate_email(
            text + suffix,
            allow_smtputf8=False,
            check_deliverability=False,
            test_environment=True,
        )
    except EmailNotValidError:
        raise refuse("address", value=value) from None
    domain = checked.ascii_domain.lower().removesuffix(suffix)
    return f"{checked.local_part.lower()}@{domain}"


def read_domain(value: str) -> str:
    """A mail domain, lower-case, in ASCII; a leading ``@`` or ``*@`` is taken off."""
    domain = value.strip().removeprefix("*").removeprefix("@")
    try:
        return read_address(f"x@{domain}").rpartition("@")[2]
    except PydanticCustomError:
        raise refuse("domain", value=value) from None


_FRAME = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")


def read_receiver(value: str) -> str:
    """A network (``10.0.0.0/8``, one address) or the name of a host, lower-case."""
    text = value.strip().lower()
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        labels = text.split(".")
    sound = len(text) <= _LONGEST_FOLDER and not text.replace(".", "").isdigit()
    if not sound or not all(_LABEL.fullmatch(label) for label in labels):
        raise refuse("receiver", value=value)
    return text


def read_frame(value: str) -> str:
    """Scheme, host and port of pages that may frame ours (CSP3 ``host-source``)."""
    text = value.strip().lower().removesuffix("/")
    if not _FRAME.fullmatch(text):
        raise refuse("frame", value=value)
    return text


def read_never(value: str) -> str:
    """An address, or a whole domain written ``*@domain`` (or as bare domain)."""
    text = value.strip()
    if "@" in text and not text.startswith(("*@", "@")):
        return read_address(text)
    return f"*@{read_domain(text)}"


# -- hosts and places --------------------------------------------------------------


def read_endpoint(value: str) -> str:
    """The URL of Exchange.asmx."""
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise refuse("endpoint", value=value if "@" not in value else "…")
    if parts.username is not None or parts.password is not None:
        raise refuse("endpoint_secret")
    return value


def read_issuer(value: str) -> str:
    """An OpenID Connect issuer: https, no query (OpenID Connect Core 1.0, section 2)."""
    text = value.strip().removesuffix("/")
    parts = _split(text)
    host = parts.hostname if parts is not None else None
    secure = parts is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and host == "127.0.0.1")
    )
    if parts is None or not host or not secure or parts.query or parts.fragment:
        raise refuse("issuer", value=value)
    return text


def read_listen(value: str) -> str:
    """``host:port`` or ``unix:/path``."""
    if value.startswith("unix:/"):
        return value
    parts = _split(f"//{value}")
    if parts is None or not parts.hostname or parts.port is None or parts.path:
        raise refuse("listen", value=value)
    return value


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    return None if re.search(r"\s", value) else parts


def read_timezone(value: str) -> str:
    """A zone of the IANA database, such as Europe/Zurich."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        guess = nearest(value, available_timezones())
        raise refuse("timezone", value=value, guess=guess) from None
    return value


def read_database(value: str) -> str:
    """``sqlite:////abs/path`` or ``postgresql://user@host/name``, no password."""
    parts = _split(value)
    if parts is None:
        raise refuse("database")
    if parts.scheme == "sqlite":
        return _sqlite(value, parts)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise refuse("database")
    if parts.password is not None or "password=" in parts.query.lower():
        raise refuse("database_secret")
    return value


def _sqlite(value: str, parts: SplitResult) -> str:
    if not parts.path.startswith("//") or parts.netloc:
        raise refuse("database_relative")
    if not parts.path.strip("/"):
        raise refuse("database")
    return value


def read_absolute(value: Path) -> Path:
    """A path that means the same from everywhere."""
    if not value.is_absolute():
        raise refuse("path_relative")
    return value


def read_beside(value: Path, info: ValidationInfo) -> Path:
    """A path; a relative one is meant from the directory of the configuration."""
    directory = (info.context or {}).get("directory")
    return Path(directory) / value if directory else value


_TASK_FOLDERS = frozenset(
    {"tasks", "calendar", "aufgaben", "kalender", "contacts", "kontakte"}
)
_KNOWN_FOLDERS = {
    "posteingang": "inbox",
    "sent items": "sent",
    "sentitems": "sent",
    "gesendet": "sent",
    "gesendete elemente": "sent",
}


def read_folder(value: str) -> str:
    """``inbox``, ``sent``, or the path of an own folder (levels divided by ``/``)."""
    text = value.strip().strip("/")
    low = text.casefold()
    if low in {"inbox", "sent"}:
        return low
    if low in _KNOWN_FOLDERS:
        raise refuse("folder_name", value=value, guess=_KNOWN_FOLDERS[low])
    if not text or "\n" in text or len(text) > _LONGEST_FOLDER or low in _TASK_FOLDERS:
        raise refuse("folder_name", value=value)
    return text


_SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def read_secret_name(value: str) -> str:
    """The name of a credential or an environment variable: no path, no blank."""
    if not _SECRET_NAME.fullmatch(value):
        raise refuse("secret_name")
    return value


YesNo = Annotated[bool, BeforeValidator(read_yes_no)]
# After the bounds, so that these reach the JSON Schema: Annotated[int, Field(…), DIGITS]
DIGITS = BeforeValidator(read_number)
Seconds = Annotated[int, Field(ge=1, le=86400), DIGITS]
Day = Annotated[date, BeforeValidator(read_day)]
Text = Annotated[str, AfterValidator(read_text)]
Key = Annotated[str, AfterValidator(read_key)]
Prefix = Annotated[str, AfterValidator(read_prefix)]
Keyword = Annotated[str, AfterValidator(read_keyword)]
Address = Annotated[str, AfterValidator(read_address)]
Domain = Annotated[str, AfterValidator(read_domain)]
Never = Annotated[str, AfterValidator(read_never)]
Receiver = Annotated[str, AfterValidator(read_receiver)]
Frame = Annotated[str, AfterValidator(read_frame)]
Issuer = Annotated[str, AfterValidator(read_issuer)]
Endpoint = Annotated[str, AfterValidator(read_endpoint)]
Listen = Annotated[str, AfterValidator(read_listen)]
Timezone = Annotated[str, AfterValidator(read_timezone)]
DatabaseUrl = Annotated[str, AfterValidator(read_database)]
AbsolutePath = Annotated[Path, AfterValidator(read_absolute)]
PathBeside = Annotated[Path, AfterValidator(read_beside)]
Folder = Annotated[str, AfterValidator(read_folder)]
SecretName = Annotated[str, AfterValidator(read_secret_name)]
