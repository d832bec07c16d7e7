"""What a boatyard and its customers write to each other. Invented; Swiss spelling."""

from dataclasses import dataclass

from exchange_sandbox.scenario.people import SALES, WORKSHOP, Mailbox


@dataclass(frozen=True, slots=True)
class Matter:
    """A kind of exchange: where it arrives, its subject, who writes what.

    Lines alternate: the customer first, then the yard. `{name}` is the customer's name,
    `{boat}` and `{day}` are drawn.
    """

    topic: str
    desk: Mailbox
    subject: str
    lines: tuple[str, ...]


def _matter(topic: str, desk: Mailbox, subject: str, text: str) -> Matter:
    """Read the turns between lines of two dashes; « / » is a line end that stays."""
    turns = (
        "\n\n".join(" ".join(part.split()) for part in turn.strip().split("\n\n"))
        for turn in text.split("\n--\n")
    )
    return Matter(topic, desk, subject, tuple(t.replace(" / ", "\n") for t in turns))


BOATS = (
    "Aphrodite 25",
    "Bootsmann 620",
    "Forelle",
    "Kielschwert Albis",
    "Lagune 31",
    "Seeschwalbe",
    "Thuner Lady",
    "Windspiel 22",
)
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag")

MATTERS: tuple[Matter, ...] = (
    _matter(
        "service",
        WORKSHOP,
        "Motorservice {boat}",
        """
Guten Tag

Der Motor meiner {boat} hat 200 Betriebsstunden und müsste in den Service. Wann
hätten Sie Platz?

Freundliche Grüsse / {name}
--
Guten Tag

Gerne. Am {day} könnten wir das Boot um acht Uhr auswassern. Bitte lassen Sie den
Schlüssel im Hafenbüro.
--
Das passt mir. Der Impeller sollte auch gewechselt werden, er ist seit drei Jahren
drin.

Gruss / {name}
--
Notiert: Service mit Impeller, Öl- und Filterwechsel. Wir melden uns, wenn das Boot
wieder im Wasser liegt.
--
Herzlichen Dank.

{name}
""",
    ),
    _matter(
        "reparatur",
        WORKSHOP,
        "Gelcoatschaden {boat}",
        """
Grüezi

Beim Anlegen habe ich den Steg gestreift, das Gelcoat der {boat} ist auf etwa
dreissig Zentimetern weg. Können Sie das anschauen?

{name}
--
Guten Tag

Solange kein Laminat freiliegt, reicht ausbessern und polieren. Kommen Sie am {day}
vorbei, dann sehen wir es vor Ort.
--
Ich komme am {day} gegen zehn. Muss ich etwas mitbringen?
--
Nur den Farbcode, falls er im Bootsausweis steht. Sonst mischen wir nach Muster.
""",
    ),
    _matter(
        "winterlager",
        WORKSHOP,
        "Winterlager {boat}",
        """
Guten Tag

Gibt es für die {boat} noch einen gedeckten Platz über den Winter? Länge mit
Deichsel sieben Meter zwanzig.

{name}
--
Guten Tag

In der Halle zwei ist ein Platz frei. Auswassern, Unterwasser abspritzen und Blachen
inbegriffen.
--
Den nehme ich. Bitte den Akku ausbauen und geladen lagern.
--
Erledigen wir. Der Vertrag folgt per Post.
""",
    ),
    _matter(
        "antifouling",
        WORKSHOP,
        "Unterwasseranstrich",
        """
Guten Tag

Im Frühling möchte ich das Antifouling der {boat} erneuern lassen. Welche Farbe darf
auf unserem See noch verwendet werden?

{name}
--
Guten Tag

Wir verarbeiten nur noch kupferfreie Produkte. Grau und Blau haben wir an Lager,
Schwarz müssten wir bestellen.
--
Dann bitte Blau. Zwei Anstriche?
--
Zwei Anstriche, an Kiel und Ruder drei. Termin ab Mitte März.
""",
    ),
    _matter(
        "occasion",
        SALES,
        "Occasion {boat} noch zu haben?",
        """
Guten Abend

Ist die {boat} auf Ihrer Webseite noch zu haben? Wie alt sind die Segel?

{name}
--
Guten Tag

Ja, sie steht bei uns an Land. Gross und Fock sind von 2021, der Spinnaker ist
älter. Eine Besichtigung wäre am {day} möglich.
--
Am {day} um halb zwei würde es gehen. Meine Frau kommt mit.
--
Sehr gut, wir erwarten Sie. Der Bootsausweis liegt zur Einsicht bereit.
--
Es hat uns gefallen. Wir schlafen noch einmal darüber.

{name}
""",
    ),
    _matter(
        "zubehoer",
        SALES,
        "Persenning nach Mass",
        """
Guten Tag

Was würde eine Persenning für die {boat} kosten, mit Reissverschluss auf beiden
Seiten?

{name}
--
Guten Tag

Für einen Richtpreis brauchen wir die Länge über Deck und ein Bild vom Cockpit.
--
Sechs Meter vierzig. Bilder schicke ich heute Abend vom Handy.
""",
    ),
    _matter(
        "liegeplatz",
        SALES,
        "Warteliste Liegeplatz",
        """
Guten Tag

Auf welchem Platz der Warteliste stehe ich inzwischen? Ich suche eine Boje für die
{boat}.

{name}
--
Guten Tag

Das Hafenamt führt die Liste; wir fragen für Sie nach.
--
Danke, das ist nett. Ein Trockenplatz wäre auch recht.
--
Das Hafenamt meldet Rang vier für Bojen und Rang eins für Trockenplätze.
""",
    ),
    _matter(
        "rechnung",
        SALES,
        "Frage zur Rechnung",
        """
Guten Tag

Auf der Rechnung für die {boat} steht das Kranen zweimal. Ist das richtig?

{name}
--
Guten Tag

Sie haben recht, das zweite Mal war ein Versehen. Die Gutschrift ist unterwegs.
--
Besten Dank für die rasche Antwort.

{name}
""",
    ),
)
