"""E-mail: alerts as one mail through an SMTP server."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from orderworks.ledger.alert_deliveries import Stored
from orderworks.notification.channel import Refused, Undelivered
from orderworks.notification.message import headline, record_of, text_of
from orderworks.settings import MailServer


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends through the server that is set."""

    server: MailServer
    password: str = field(repr=False)
    name: str = "email"
    batch: int = 50

    def send(self, alerts: Sequence[Stored], timeout: float) -> None:
        try:
            with self._connected(timeout) as server:
                server.send_message(self._mail(alerts))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            raise Refused("the mail server refused the mail") from None
        except smtplib.SMTPException as error:
            raise Undelivered(f"the mail server said no: {type(error).__name__}") from None
        except OSError as error:
            raise Undelivered(error.strerror or "no answer from the mail server") from None

    def _connected(self, timeout: float) -> smtplib.SMTP:
        host, port = self.server.host, self.server.port
        if self.server.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, port, timeout=timeout)
        try:
            if self.server.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.server.user:
                server.login(self.server.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, alerts: Sequence[Stored]) -> EmailMessage:
        first, more = alerts[0], len(alerts) - 1
        mail = EmailMessage()
        mail["Subject"] = headline(first) + (f" and {more} more" if more else "")
        mail["From"] = self.server.sender
        mail["To"] = ", ".join(self.server.to)
        # The same one, if the same alerts are sent again.
        mail["Message-ID"] = f"<{record_of(first)['id'].replace('/', '.')}.{more}@orderworks>"
        mail.set_content("\n\n".join(f"{headline(one)}\n{text_of(one)}" for one in alerts))
        return mail
