"""Mail that a visitor of the demo lets somebody write."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from secrets import token_hex

_PRIVATE_DOMAIN = "neuepost.example"  # nobody's: reserved, reaches nobody (RFC 2606)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is MIME. ``answers`` is a Message-ID without brackets."""

    sender_name: str
    sender: str
    to: str
    subject: str
    text: str
    answers: str = ""

    def to_mime(self, at: datetime) -> bytes:
        """As it travels; from outside with what our own mail server says of it."""
        mail = EmailMessage(policy=SMTP)
        here = self.to.rpartition("@")[2]
        domain = self.sender.rpartition("@")[2]
        if domain != here:
            mail["Authentication-Results"] = (
                f"mail.{here}; dmarc=pass header.from={domain}"
            )
        mail["From"] = formataddr((self.sender_name, self.sender))
        mail["To"] = self.to
        mail["Subject"] = " ".join(self.subject.split())
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{token_hex(12)}@{domain}>"
        if self.answers:
            mail["In-Reply-To"] = mail["References"] = f"<{self.answers}>"
        mail.set_content(self.text, cte="quoted-printable")
        return mail.as_bytes()


def new_address(sender: str) -> str:
    """Another account of the same person, which nobody here has seen before."""
    return f"{sender.partition('@')[0]}.privat@{_PRIVATE_DOMAIN}"
