"""A taxonomy for a boat workshop to begin with, offered while there is none."""

from crm_core import database
from crm_core.errors import Conflict
from crm_core.models import Access, Colour
from crm_core.tags import classification
from crm_core.tags.classification import ImportCount, SubtagSpec, TagGroupSpec, TagSpec


def install(*, actor: str) -> ImportCount:
    """Write the starter set; Conflict once there is any taxonomy."""
    database.require_transaction()
    if not classification.is_empty():
        raise Conflict("there are groups already: the starter set is for an empty list")
    return classification.import_taxonomy(STARTER_SET, actor=actor)


def _subtag(
    key: str, name: str, name_en: str, *tasks: str, word: str = ""
) -> SubtagSpec:
    return SubtagSpec(key, name, (word,) if word else (), (), tasks, name_en)


STARTER_SET = (
    TagGroupSpec(
        "verkauf",
        "Verkauf",
        (("GL", Access.FULL), ("Administration", Access.FULL)),
        (
            TagSpec(
                "boot",
                "Boot",
                (
                    _subtag(
                        "offerte",
                        "Offerte",
                        "Quote",
                        "Offerte erstellen",
                        "Offerte nachfassen",
                        word="offerte",
                    ),
                    _subtag(
                        "bestellung",
                        "Bestellung",
                        "Order",
                        "Boot bestellen",
                        "Liefertermin bestätigen",
                        word="bestellung",
                    ),
                    _subtag(
                        "ablieferung",
                        "Ablieferung",
                        "Handover",
                        "Einwassern vereinbaren",
                    ),
                ),
                "Boat",
            ),
            TagSpec(
                "occasion",
                "Occasion",
                (
                    _subtag("ankauf", "Ankauf", "Purchase", "Boot besichtigen"),
                    _subtag("vermittlung", "Vermittlung", "Brokerage"),
                ),
                "Second-hand",
            ),
        ),
        "Sales",
        Colour.BLUE,
    ),
    TagGroupSpec(
        "werkstatt",
        "Werkstatt",
        (
            ("GL", Access.FULL),
            ("Administration", Access.FULL),
            ("Werkstatt", Access.FULL),
        ),
        (
            TagSpec(
                "motor",
                "Motor",
                (
                    _subtag(
                        "stoerung",
                        "Motorstörung",
                        "Engine trouble",
                        "Kunde zurückrufen",
                        "Ersatzteile bestellen",
                        word="motor",
                    ),
                    _subtag(
                        "service", "Service", "Service", "Termin vereinbaren",
                        word="service",
                    ),
                ),
                "Engine",
            ),
            TagSpec(
                "rumpf",
                "Rumpf und Deck",
                (
                    _subtag("reparatur", "Reparatur", "Repair", "Schaden aufnehmen"),
                    _subtag("antifouling", "Antifouling", "Antifouling"),
                ),
                "Hull and deck",
            ),
            TagSpec(
                "winterlager",
                "Winterlager",
                (
                    _subtag("einwintern", "Einwintern", "Lay up", "Auswassern planen"),
                    _subtag("auswintern", "Auswintern", "Refit", "Einwassern planen"),
                ),
                "Winter storage",
            ),
        ),
        "Workshop",
        Colour.TEAL,
    ),
    TagGroupSpec(
        "amtliches",
        "Amtliches",
        (
            ("GL", Access.FULL),
            ("Administration", Access.FULL),
            ("Werkstatt", Access.READ),
        ),
        (
            TagSpec(
                "schifffahrtsamt",
                "Schifffahrtsamt",
                (
                    _subtag(
                        "pruefung", "Prüfung", "Inspection", "Prüftermin anmelden",
                        word="pruefung",
                    ),
                    _subtag("einloesung", "Einlösung", "Registration"),
                ),
                "Navigation authority",
            ),
            TagSpec(
                "versicherung",
                "Versicherung",
                (
                    _subtag(
                        "schadenfall", "Schadenfall", "Claim", "Schaden melden"
                    ),
                ),
                "Insurance",
            ),
        ),
        "Official matters",
        Colour.AMBER,
    ),
)  # fmt: skip
