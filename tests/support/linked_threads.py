"""Threads of a company whose first mail is linked, and what their entries then show.

``Choice`` says which threads and whose matter each is; ``expected_hold`` repeats the
written linking rules from the generator's knowledge alone, mail by mail.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from company_run import ACTOR, SUBTAG, Running
from skeleton_company import Company, Mail

from crm_core import database
from crm_core.linking import links
from crm_core.models import AddressRole, Entry, LinkReason
from crm_core.queries import entries as entry_pages
from crm_core.records import addresses, entries

MASS_MAIL = 10  # outside recipients; more, and being addressed vouches for nobody


@dataclass(frozen=True, slots=True)
class Choice:
    """Threads to link: number → its mails, and the customer's e-mail address."""

    company: Company
    threads: Mapping[int, Sequence[Mail]]
    customers: Mapping[int, str]

    def customer_of(self, email: str) -> str | None:
        """The registered person behind an e-mail address; None for everybody else."""
        known = self.customers.values()
        return self.company.people.get(email, email) if email in known else None


def choose(company: Company, most: int, random: Random, *, apart: bool) -> Choice:
    """Threads of two mails or more, with the starter (else the first outsider) each.

    ``apart``: nobody who writes in a chosen thread is the customer of another one, as
    customers of one company do not answer each other's mail.
    """
    candidates = [
        (thread, mails)
        for thread, mails in company.threads().items()
        if len(mails) > 1 and _customer(company, mails[0]) is not None
    ]
    random.shuffle(candidates)
    chosen: dict[int, list[Mail]] = {}
    customers: dict[int, str] = {}
    starters: set[str] = set()
    guests: set[str] = set()
    for thread, mails in candidates:
        email = _customer(company, mails[0])
        assert email is not None
        starter = company.people.get(email, email)
        others = _outside_writers(company, mails) - {starter}
        if apart and (starter in guests or others & starters):
            continue
        chosen[thread], customers[thread] = mails, email
        starters.add(starter)
        guests |= others
        if len(chosen) == most:
            break
    return Choice(company, chosen, customers)


def _customer(company: Company, first: Mail) -> str | None:
    parties = (first.sender, *first.recipients)
    return next((one for one in parties if one in first.outside), None)


def _outside_writers(company: Company, mails: Iterable[Mail]) -> set[str]:
    return {company.people[one.sender] for one in mails if one.sender in one.outside}


# --- linking ------------------------------------------------------------------------


def link_first_mails(run: Running, choice: Choice) -> dict[int, Entry]:
    """Deliver, poll and link the first mail of each thread; its entry by thread."""
    firsts = [mails[0] for mails in choice.threads.values()]
    run.deliver(firsts)
    run.poll()
    with database.transaction():
        address = _register(choice)
        return {
            mail.thread: _linked(mail, address[choice.customers[mail.thread]])
            for mail in firsts
        }


def _register(choice: Choice) -> dict[str, int]:
    """Only these are addresses: one for each person, with every e-mail used."""
    emails: dict[str, list[str]] = {}
    for email in dict.fromkeys(choice.customers.values()):
        emails.setdefault(choice.customer_of(email) or email, []).append(email)
    found = {}
    for person, used in emails.items():
        row = addresses.create(person, AddressRole.CUSTOMER, used, actor=ACTOR)
        found |= dict.fromkeys(used, int(row.id))
    return found


def _linked(mail: Mail, address: int) -> Entry:
    entry = entries.create(address, SUBTAG, f"Sache {mail.thread}", actor=ACTOR)
    (message,) = links.find_message(mail.internet_id)
    links.link_mail(entry, message, reason=LinkReason.MANUAL, actor=ACTOR)
    return entry


def rest_of(choice: Choice) -> list[Mail]:
    """Everything the company gets besides the mails already linked."""
    firsts = {mails[0].number for mails in choice.threads.values()}
    return [mail for mail in choice.company.mails if mail.number not in firsts]


# --- what the entries show ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """All entries together, reply by reply (the linked first mails left out)."""

    replies: int
    missing: int
    strange: int  # mails of other threads, without a compound key that joins them
    joined: int  # mails of other threads that a compound key joins
    holds: Counter[str]
    new_senders: int
    unexpected: tuple[str, ...]  # where the entry and the written rules differ

    def __add__(self, other: "Shown") -> "Shown":
        return Shown(
            self.replies + other.replies,
            self.missing + other.missing,
            self.strange + other.strange,
            self.joined + other.joined,
            self.holds + other.holds,
            self.new_senders + other.new_senders,
            self.unexpected + other.unexpected,
        )

    @property
    def shown(self) -> int:
        return self.replies - self.missing - self.holds.total()

    @property
    def share(self) -> float:
        """Of the replies, those under the rule for mass mail left out."""
        asked = self.replies - self.holds["mass_mail"]
        return self.shown / asked if asked else 1.0

    def __str__(self) -> str:
        held = ", ".join(f"{n} {code}" for code, n in sorted(self.holds.items()))
        return (
            f"{self.replies} replies, {self.missing} missing, {self.shown} shown = "
            f"{self.share:.2%} without mass mail ({self.new_senders} as «new sender»), "
            f"held: {held or 'none'}; {self.strange} mails of other threads, "
            f"{self.joined} joined by compound keys"
        )


NOTHING = Shown(0, 0, 0, 0, Counter(), 0, ())


def shown(choice: Choice, linked: Mapping[int, Entry]) -> Shown:
    """What the entries of these threads show and hold back."""
    total = NOTHING
    for thread, entry in linked.items():
        total += _of_entry(choice, thread, entry)
    return total


def _of_entry(choice: Choice, thread: int, entry: Entry) -> Shown:
    mails = choice.threads[thread]
    messages = entry_pages.show(entry.number).messages
    seen = Counter(message.internet_id for message in messages)
    wanted = Counter[str | None](mail.internet_id for mail in mails)
    first = mails[0].internet_id
    replies = [m for m in messages if m.internet_id in wanted]
    replies.remove(next(m for m in replies if m.internet_id == first))
    foreign = [
        mail
        for mail in choice.company.mails
        if mail.internet_id in seen and mail.internet_id not in wanted
    ]
    joined = [mail for mail in foreign if _same_matter(mail, mails)]
    rules = expected_holds(choice, thread)
    differ = [
        f"{m.internet_id} is {m.hold and m.hold.value}, not {rules[m.internet_id]}"
        for m in replies
        if m.internet_id is not None
        and wanted[m.internet_id] == 1
        and (m.hold and m.hold.value) != rules[m.internet_id]
    ]
    return Shown(
        replies=len(mails) - 1,
        missing=(wanted - seen).total(),
        strange=len(foreign) - len(joined),
        joined=len(joined),
        holds=Counter(m.hold.value for m in replies if m.hold is not None),
        new_senders=sum(m.new_sender for m in replies),
        unexpected=tuple(differ),
    )


def _same_matter(mail: Mail, mails: Iterable[Mail]) -> bool:
    return mail.guid is not None and any(
        mail.guid == one.guid and mail.outside & one.outside for one in mails
    )


# --- the written rules, from the generator's knowledge ---------------------------------


def expected_holds(choice: Choice, thread: int) -> dict[str, str | None]:
    """Message-ID → why a reply of this thread is held; None: it is shown."""
    mails = choice.threads[thread]
    customer = choice.customer_of(choice.customers[thread])
    addressed = {
        email
        for mail in mails
        if mail.sent_by is not None or choice.customer_of(mail.sender) == customer
        if len(_outside_recipients(mail)) <= MASS_MAIL
        for email in _outside_recipients(mail)
    }
    mass = {
        mail.internet_id for mail in mails if len(_outside_recipients(mail)) > MASS_MAIL
    }
    return {
        mail.internet_id: _hold(choice, mail, customer, addressed, mass)
        for mail in mails
    }


def _outside_recipients(mail: Mail) -> set[str]:
    return {one for one in mail.recipients if one in mail.outside}


def _hold(
    choice: Choice,
    mail: Mail,
    customer: str | None,
    addressed: set[str],
    mass: set[str],
) -> str | None:
    who = choice.customer_of(mail.sender)
    if not mail.outside:
        return "internal_only"
    if mail.sent_by is not None or who == customer or mail.sender in addressed:
        return None
    if who is not None:
        return "other_customer"
    return "mass_mail" if mail.answers in mass else None
