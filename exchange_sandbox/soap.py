"""SOAP envelopes: reading requests, writing answers and faults.

Every answer carries ServerVersionInfo; a fault of the whole request is HTTP 500 with
the EWS code in faultcode and detail, as Exchange answers.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/handling-errors-in-ews
"""

from dataclasses import dataclass

from lxml import etree

from exchange_sandbox.errors import EwsError, SoapFault
from exchange_sandbox.xml_text import (
    MESSAGE_NS,
    SOAP_NS,
    TYPE_NS,
    Element,
    S,
    T,
    attribute,
    children,
    escape,
    local_name,
    text_of,
)

_VERSION = (
    f'<t:ServerVersionInfo xmlns:t="{TYPE_NS}" MajorVersion="15" MinorVersion="2" '
    'MajorBuildNumber="1748" MinorBuildNumber="10" Version="V2017_07_11"/>'
)
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    f'<s:Envelope xmlns:s="{SOAP_NS}"><s:Header>{_VERSION}</s:Header><s:Body>'
)
_TAIL = "</s:Body></s:Envelope>"
_ERROR_NS = "http://schemas.microsoft.com/exchange/services/2006/errors"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request: its operation's element and what its header says."""

    root: Element
    body: Element
    operation: str
    impersonated: tuple[str, str] | None
    zone: str


def read_envelope(raw: bytes) -> Envelope:
    """Return the request in a SOAP envelope; raises a fault for anything else."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError:
        raise SoapFault("ErrorInvalidRequest", "The request is not XML.") from None
    body = root.find(f"{S}Body")
    inner = children(body)
    if root.tag != f"{S}Envelope" or len(inner) != 1:
        raise SoapFault("ErrorInvalidRequest", "The request is no SOAP envelope.")
    operation = inner[0]
    known = etree.QName(operation).namespace == MESSAGE_NS
    name = local_name(operation) if known else f"?{local_name(operation)}"
    header = root.find(f"{S}Header")
    return Envelope(root, operation, name, _impersonated(header), _zone(header))


def _impersonated(header: Element | None) -> tuple[str, str] | None:
    if header is None:
        return None
    identity = header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID")
    inner = children(identity)
    return (local_name(inner[0]), text_of(inner[0]).strip()) if inner else None


def _zone(header: Element | None) -> str:
    if header is None:
        return "UTC"
    definition = header.find(f"{T}TimeZoneContext/{T}TimeZoneDefinition")
    return definition.get("Id", "UTC") if definition is not None else "UTC"


def answer(inner: str) -> str:
    """Return the envelope around an operation's answer."""
    return f"{_HEAD}{inner}{_TAIL}"


def response(operation: str, messages: list[str]) -> str:
    """Return an operation's answer made of response messages."""
    return (
        f'<m:{operation}Response xmlns:m="{MESSAGE_NS}" xmlns:t="{TYPE_NS}">'
        f"<m:ResponseMessages>{''.join(messages)}</m:ResponseMessages>"
        f"</m:{operation}Response>"
    )


def success(operation: str, inner: str = "") -> str:
    """Return a response message of class Success."""
    name = f"{operation}ResponseMessage"
    return (
        f'<m:{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inner}</m:{name}>"
    )


def failure(operation: str, error: EwsError, empty: str = "") -> str:
    """Return a response message of class Error; `empty` is what clients rely on."""
    name = f"{operation}ResponseMessage"
    values = _message_xml(error, "m")
    return (
        f'<m:{name} ResponseClass="Error">'
        f"<m:MessageText>{escape(error.text)}</m:MessageText>"
        f"<m:ResponseCode>{error.code}</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{values}{empty}</m:{name}>"
    )


def _message_xml(error: EwsError, prefix: str) -> str:
    if not error.values:
        return ""
    inner = "".join(
        f'<t:Value Name="{attribute(name)}">{escape(text)}</t:Value>'
        for name, text in error.values.items()
    )
    space = f' xmlns:t="{TYPE_NS}"' if prefix == "t" else ""
    return f"<{prefix}:MessageXml{space}>{inner}</{prefix}:MessageXml>"


def fault(error: SoapFault) -> str:
    """Return the SOAP fault for a request that failed as a whole."""
    text = escape(error.text)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{SOAP_NS}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="{TYPE_NS}">a:{escape(error.code)}</faultcode>'
        f'<faultstring xml:lang="en-US">{text}</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{_ERROR_NS}">{escape(error.code)}'
        f'</e:ResponseCode><e:Message xmlns:e="{_ERROR_NS}">{text}</e:Message>'
        f"{_message_xml(error, 't')}</detail></s:Fault>{_TAIL}"
    )
