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
    key, name, kind, email, client = (part.strip() for part in line.split("|"))
    return Person(key, name, kind, email, client)  # type: ignore[arg-type]  # a table of literals


PEOPLE: tuple[Person, ...] = tuple(
    _person(line)
    for line in """
huber     | Hans Huber                  | customer  | hans.huber@blaupost.example      | web
meier     | Ruth Meier                  | customer  | ruth.meier@talnetz.example       | web
zbinden   | Peter Zbinden               | customer  | p.zbinden@blaupost.example       | outlook
steiner   | Claudia Steiner             | customer  | claudia.steiner@talnetz.example  | phone
graf      | Daniel Graf                 | customer  | daniel.graf@bergmail.example     | web
aebi      | Ursula Aebi                 | customer  | u.aebi@talnetz.example           | outlook
ammann    | Christoph Ammann            | customer  | ch.ammann@blaupost.example       | phone
bieri     | Monika Bieri                | customer  | monika.bieri@bergmail.example    | web
bloechlin | Jürg Blöchlinger            | customer  | juerg.b@talnetz.example          | outlook
burri     | Sandra Burri                | customer  | sandra.burri@blaupost.example    | phone
caduff    | Gian Caduff                 | customer  | gian.caduff@bergmail.example     | web
egger     | Thomas Egger                | customer  | t.egger@talnetz.example          | outlook
fankhaus  | Lisa Fankhauser             | customer  | lisa.f@blaupost.example          | phone
gerber    | Markus Gerber               | customer  | markus.gerber@bergmail.example   | web
hofmann   | Anna Hofmann                | customer  | anna.hofmann@talnetz.example     | outlook
imhof     | Bruno Imhof                 | customer  | bruno.imhof@blaupost.example     | web
jenni     | Regula Jenni                | customer  | r.jenni@bergmail.example         | outlook
kaelin    | Stefan Kälin                | customer  | stefan.kaelin@talnetz.example    | phone
luethi    | Barbara Lüthi               | customer  | b.luethi@blaupost.example        | web
moser     | Fritz Moser                 | customer  | fritz.moser@bergmail.example     | outlook
nyffeler  | Simone Nyffeler             | customer  | simone.n@talnetz.example         | phone
oberholz  | Karl Oberholzer             | customer  | karl.oberholzer@blaupost.example | web
pfister   | Verena Pfister              | customer  | v.pfister@bergmail.example       | outlook
roethlis  | Beat Röthlisberger          | customer  | beat.r@talnetz.example           | web
schaerer  | Nicole Schärer              | customer  | nicole.schaerer@blaupost.example | phone
suter     | Werner Suter                | customer  | werner.suter@bergmail.example    | outlook
tanner    | Edith Tanner                | customer  | edith.tanner@talnetz.example     | web
wyss      | Marcel Wyss                 | customer  | marcel.wyss@blaupost.example     | outlook
zuercher  | Heidi Zürcher               | customer  | heidi.z@bergmail.example         | web
segelkurs | Segelschule Oberland        | customer  | kurse@segelschule-oberland.example | outlook
hotelsee  | Hotel Seeterrasse           | customer  | direktion@seeterrasse.example    | outlook
fischerei | Fischerei Kaufmann          | customer  | info@fischerei-kaufmann.example  | phone
nordboot  | Nordboot Import AG          | supplier  | verkauf@nordboot-import.example  | outlook
motoren   | Aarmotoren AG               | supplier  | teile@aarmotoren.example         | outlook
segel     | Segelmacherei Luv           | supplier  | atelier@segelmacherei-luv.example | web
lacke     | Farben Rüegg GmbH           | supplier  | bestellung@farben-rueegg.example | web
amt       | Schifffahrtsamt             | authority | zulassung@schifffahrtsamt.example | outlook
hafen     | Hafenamt                    | authority | liegeplatz@hafenamt.example      | outlook
versich   | Wasserfahrt-Versicherung    | other     | schaden@wasserfahrt.example      | outlook
verband   | Verband der Bootsbauer      | other     | sekretariat@bootsbauer.example   | web
""".strip().splitlines()
)

BY_KEY = {person.key: person for person in PEOPLE}

# Not among the known addresses: a wife's account, a form service, a postmaster.
SABINE = Person("sabine", "Sabine Huber", "customer", "sabinehuber@bergmail.example")
FORM = Person("formular", "Kontaktformular", "other", "kontakt@formularversand.example")
POSTMASTER = Person("post", "Mail Delivery System", "other", "MAILER-DAEMON@blaupost.example")
FORGER = Person("falsch", "Hans Huber", "customer", BY_KEY["huber"].email)
FRIEND = Person("freund", "Köbi Rüfenacht", "other", "koebi@bergmail.example", "phone")
