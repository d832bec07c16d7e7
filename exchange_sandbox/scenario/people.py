"""Who writes. All invented; `.example` is reserved and reaches nobody (RFC 2606)."""

from dataclasses import dataclass
from typing import Literal

DOMAIN = "seeblick.example"
AUTHSERV_ID = f"mail.{DOMAIN}"

# What a person's mail program does to a thread: Outlook writes Thread-Index and HTML,
# web mail In-Reply-To and References, a phone References only.
Client = Literal["outlook", "web", "phone"]
Kind = Literal["customer", "supplier", "authority", "other"]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox of the company; `person` is nobody's for a shared one."""

    key: str
    name: str
    shared: bool = False

    @property
    def email(self) -> str:
        """Return its address."""
        return f"{self.key}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside: a customer, a supplier, an authority."""

    key: str
    name: str
    kind: Kind
    email: str
    client: Client = "web"


SALES = Mailbox("verkauf", "Werft Seeblick Verkauf", shared=True)
WORKSHOP = Mailbox("werkstatt", "Werft Seeblick Werkstatt", shared=True)
KELLER = Mailbox("keller", "Mirjam Keller")
FREI = Mailbox("frei", "Andrea Frei")
BRUNNER = Mailbox("brunner", "Reto Brunner")
BAUMANN = Mailbox("baumann", "Luca Baumann")

MAILBOXES = (SALES, WORKSHOP, KELLER, FREI, BRUNNER, BAUMANN)


def _person(line: str) -> Person:
    key, kind, client, name, email = (part.strip() for part in line.split("|"))
    return Person(key, name, kind, email, client)  # type: ignore[arg-type]  # literals below


PEOPLE: tuple[Person, ...] = tuple(
    _person(line)
    for line in """
huber     | customer  | web     | Hans Huber             | hans.huber@blaupost.example
meier     | customer  | web     | Ruth Meier             | ruth.meier@talnetz.example
zbinden   | customer  | outlook | Peter Zbinden          | p.zbinden@blaupost.example
steiner   | customer  | phone   | Claudia Steiner        | c.steiner@talnetz.example
graf      | customer  | web     | Daniel Graf            | daniel.graf@bergmail.example
aebi      | customer  | outlook | Ursula Aebi            | u.aebi@talnetz.example
ammann    | customer  | phone   | Christoph Ammann       | ch.ammann@blaupost.example
bieri     | customer  | web     | Monika Bieri           | m.bieri@bergmail.example
bloechlin | customer  | outlook | Jürg Blöchlinger       | juerg.b@talnetz.example
burri     | customer  | phone   | Sandra Burri           | sandra.burri@blaupost.example
caduff    | customer  | web     | Gian Caduff            | gian.caduff@bergmail.example
egger     | customer  | outlook | Thomas Egger           | t.egger@talnetz.example
fankhaus  | customer  | phone   | Lisa Fankhauser        | lisa.f@blaupost.example
gerber    | customer  | web     | Markus Gerber          | mk.gerber@bergmail.example
hofmann   | customer  | outlook | Anna Hofmann           | anna.hofmann@talnetz.example
imhof     | customer  | web     | Bruno Imhof            | bruno.imhof@blaupost.example
jenni     | customer  | outlook | Regula Jenni           | r.jenni@bergmail.example
kaelin    | customer  | phone   | Stefan Kälin           | stefan.kaelin@talnetz.example
luethi    | customer  | web     | Barbara Lüthi          | b.luethi@blaupost.example
moser     | customer  | outlook | Fritz Moser            | fritz.moser@bergmail.example
nyffeler  | customer  | phone   | Simone Nyffeler        | simone.n@talnetz.example
oberholz  | customer  | web     | Karl Oberholzer        | k.oberholzer@blaupost.example
pfister   | customer  | outlook | Verena Pfister         | v.pfister@bergmail.example
roethlis  | customer  | web     | Beat Röthlisberger     | beat.r@talnetz.example
schaerer  | customer  | phone   | Nicole Schärer         | n.schaerer@blaupost.example
suter     | customer  | outlook | Werner Suter           | werner.suter@bergmail.example
tanner    | customer  | web     | Edith Tanner           | edith.tanner@talnetz.example
wyss      | customer  | outlook | Marcel Wyss            | marcel.wyss@blaupost.example
zuercher  | customer  | web     | Heidi Zürcher          | heidi.z@bergmail.example
segelkurs | customer  | outlook | Segelschule Oberland   | kurse@segelschule.example
hotelsee  | customer  | outlook | Hotel Seeterrasse      | info@seeterrasse.example
fischerei | customer  | phone   | Fischerei Kaufmann     | info@fisch-kaufmann.example
nordboot  | supplier  | outlook | Nordboot Import AG     | verkauf@nordboot.example
motoren   | supplier  | outlook | Aarmotoren AG          | teile@aarmotoren.example
segel     | supplier  | web     | Segelmacherei Luv      | atelier@segel-luv.example
lacke     | supplier  | web     | Farben Rüegg GmbH      | info@farben-rueegg.example
amt       | authority | outlook | Schifffahrtsamt        | zulassung@schiffamt.example
hafen     | authority | outlook | Hafenamt               | liegeplatz@hafenamt.example
versich   | other     | outlook | Wasserfahrt-Versicherung | schaden@wasserfahrt.example
verband   | other     | web     | Verband der Bootsbauer | post@bootsbauer.example
""".strip().splitlines()
)

BY_KEY = {person.key: person for person in PEOPLE}

# Whom the scripted mails are about: they write nothing else, whatever the seed.
IN_STORY = frozenset({"huber", "meier", "zbinden", "steiner", "graf", "segelkurs"})

# Not among the known addresses: a wife's account, a form service, a postmaster.
SABINE = Person("sabine", "Sabine Huber", "customer", "sabinehuber@bergmail.example")
FORM = Person("formular", "Kontaktformular", "other", "kontakt@formularversand.example")
POSTMASTER = Person(
    "post", "Mail Delivery System", "other", "MAILER-DAEMON@blaupost.example"
)
FORGER = Person("falsch", "Hans Huber", "customer", BY_KEY["huber"].email)
FRIEND = Person("freund", "Köbi Rüfenacht", "other", "koebi@bergmail.example", "phone")
