"""German for the sentences of ``crm_core.errors``; the English template is the key.

Swiss («ss»), Sie-form, no exclamation marks. The command line and the pages both show
refusals with ``say``; a test reads every template out of the code and fails on a missing
translation.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.errors import CrmError

_GERMAN = {
    "no mail holds this key": "Kein E-Mail trägt diesen Schlüssel",
    "review case {number} has been decided already": (
        "Prüffall {number} ist schon entschieden"
    ),
    "review case {number} has nothing to merge": (
        "Bei Prüffall {number} gibt es nichts zusammenzulegen"
    ),
    "the Message-ID of a mail cannot be voided": (
        "Die Message-ID eines E-Mails lässt sich nicht ungültig machen"
    ),
    "the mails of review case {number} cite one another": (
        "Die E-Mails von Prüffall {number} verweisen aufeinander"
    ),
    "there is no review case {number}": "Prüffall {number} gibt es nicht",
    "{host} is open to the network without TLS: listen on 127.0.0.1 behind a "
    "reverse proxy and set web.public_url": (
        "{host} ist ohne TLS vom Netz her offen: horchen Sie auf 127.0.0.1 hinter "
        "einem Reverse Proxy und setzen Sie web.public_url"
    ),
    "systemd handed over no socket: start it by crm-web.socket": (
        "systemd hat keinen Socket übergeben: starten Sie es über crm-web.socket"
    ),
    "at least one account that administers must keep its password": (
        "Mindestens ein Konto mit Verwaltung muss sein Passwort behalten"
    ),
    "none of your roles gives access to the CRM": (
        "Keine Ihrer Rollen gibt Zugang zum CRM"
    ),
    "the account «{login}» is locked": "Das Konto «{login}» ist gesperrt",
    "«{login}» has an account with another sign-in: an administrator can take its "
    "password away": (
        "«{login}» hat ein Konto mit anderer Anmeldung: eine Administratorin kann ihm "
        "das Passwort nehmen"
    ),
    "this sign-in was not begun here: begin again": (
        "Diese Anmeldung hat nicht hier begonnen: beginnen Sie nochmals"
    ),
    "the sign-in was refused by its service": (
        "Der Anmeldedienst hat die Anmeldung abgelehnt"
    ),
    "the service did not ask for the password again": (
        "Der Anmeldedienst hat das Passwort nicht nochmals verlangt"
    ),
    "the sign-in does not hold: begin again": (
        "Die Anmeldung ist nicht gültig: beginnen Sie nochmals"
    ),
    "the service does not say who you are": (
        "Der Anmeldedienst sagt nicht, wer Sie sind"
    ),
    "somebody else has signed in there": "Dort hat sich jemand anders angemeldet",
    "this device is not signed in any more": "Dieses Gerät ist nicht mehr angemeldet",
    "the present password is not right": "Das bisherige Passwort stimmt nicht",
    "the new password is the old one": "Das neue Passwort ist das bisherige",
    "there is no account «{login}»": "Das Konto «{login}» gibt es nicht",
    "the account needs a name": "Das Konto braucht einen Namen",
    "the account «{login}» exists already": "Das Konto «{login}» gibt es schon",
    "a password has at least {least} characters": (
        "Ein Passwort hat mindestens {least} Zeichen"
    ),
    "a token lasts a year at most": "Ein Schlüssel gilt höchstens ein Jahr",
    "there is no token {token}": "Den Schlüssel {token} gibt es nicht",
    "the token needs a name": "Der Schlüssel braucht einen Namen",
    "there is no account in the group GL: add one first": (
        "In der Gruppe GL gibt es kein Konto: fügen Sie zuerst eines hinzu"
    ),
    "entry {number} has been merged into another one": (
        "Eintrag {number} ist mit einem anderen zusammengeführt"
    ),
    "an entry cannot be merged into itself": (
        "Ein Eintrag lässt sich nicht mit sich selbst zusammenführen"
    ),
    "entry {number} is only for GL and entry {into} is not: "
    "mark that one «only for GL» first": (
        "Eintrag {number} ist nur für GL, Eintrag {into} nicht: stellen Sie diesen "
        "zuerst auf «Nur für GL»"
    ),
    "you have no right to do this": "Dazu haben Sie kein Recht",
    "you may read this entry, not change it": (
        "Diesen Eintrag dürfen Sie lesen, aber nicht ändern"
    ),
    "a {level} has no key": "Auf der Stufe «{level}» fehlt ein Schlüssel",
    "this page does not exist": "Diese Seite gibt es nicht",
    "the mail names no sender": "Das E-Mail nennt keinen Absender",
    "the text of this mail is not here": (
        "Der Text dieses E-Mails ist nicht gespeichert"
    ),
    "there is no such attachment": "Diesen Anhang gibt es nicht",
    "this concerns entries that you may not change": (
        "Das betrifft Einträge, die Sie nicht ändern dürfen"
    ),
    "of this mail you may see the subject only": (
        "Von diesem E-Mail dürfen Sie nur den Betreff sehen"
    ),
    "of this mailbox only head data is kept": (
        "Von diesem Postfach werden nur Kopfdaten gespeichert"
    ),
    "entry {number} does not hold this mail back any more": (
        "Eintrag {number} hält dieses E-Mail nicht mehr zurück"
    ),
    "this mail has just been linked by {name}": (
        "Dieses E-Mail wurde eben von {name} verlinkt"
    ),
    "there is no webhook {webhook}": "Es gibt keinen Webhook {webhook}",
    "there is no delivery {delivery}": "Es gibt keine Zustellung {delivery}",
    "choose at least one event": "Wählen Sie mindestens ein Ereignis",
    "nobody is known as «{person}»": "Niemand ist bekannt als «{person}»",
    "this e-mail address belongs to the company itself": (
        "Diese E-Mail-Adresse gehört dem Betrieb selbst"
    ),
    "the mailbox {mailbox} is still being read: remove it from the list first": (
        "Das Postfach {mailbox} wird noch gelesen: nehmen Sie es zuerst aus der Liste"
    ),
    "address {address} is the only one of entry {entry}: add another one first": (
        "Adresse {address} ist die einzige in Eintrag {entry}: fügen Sie zuerst eine "
        "andere hinzu"
    ),
    "address {address} takes no part in entry {entry}": (
        "Adresse {address} ist an Eintrag {entry} nicht beteiligt"
    ),
    "an appointment lasts 1 to {most} minutes, not {minutes}": (
        "Ein Termin dauert 1 bis {most} Minuten, nicht {minutes}"
    ),
    "entries of «{subtag}» need: {name}": "Einträge von «{subtag}» brauchen: {name}",
    "in Outlook the appointment has no time": "Im Outlook hat der Termin keine Zeit",
    "in Outlook the appointment takes several days": (
        "Im Outlook dauert der Termin mehrere Tage"
    ),
    "in Outlook the task has no due date": (
        "Im Outlook hat die Aufgabe kein Fälligkeitsdatum"
    ),
    "no mailbox is configured": "Es ist kein Postfach aufgeführt",
    "task {task} does not differ from Outlook": (
        "Aufgabe {task} weicht nicht von Outlook ab"
    ),
    "task {task} has no copy in a mailbox": ("Aufgabe {task} steht in keinem Postfach"),
    "task {task} has no time of day, so it has no length": (
        "Aufgabe {task} hat keine Uhrzeit und deshalb keine Dauer"
    ),
    "task {task} is cancelled: reopen it first": (
        "Aufgabe {task} ist abgebrochen: öffnen Sie sie zuerst wieder"
    ),
    "task {task} is done: reopen it first": (
        "Aufgabe {task} ist erledigt: öffnen Sie sie zuerst wieder"
    ),
    "entry {number} has been changed meanwhile": (
        "Eintrag {number} wurde inzwischen geändert"
    ),
    "here are {length} characters; {most} is the most": (
        "Hier stehen {length} Zeichen, höchstens {most} sind möglich"
    ),
    "the number {number} belongs to address {owner} already": (
        "Die Nummer {number} gehört schon zu Adresse {owner}"
    ),
    "the address needs a name": "Die Adresse braucht einen Namen",
    "the appointment ends before it begins": "Der Termin endet, bevor er beginnt",
    "the database is newer than this program (unknown: {names}); "
    "install the newer version again or restore the backup": (
        "Die Datenbank ist neuer als dieses Programm (unbekannt: {names}). "
        "Installieren Sie die neuere Version wieder, oder spielen Sie die Sicherung "
        "zurück"
    ),
    "the database is older than this program ({count} migrations are "
    "missing). Back it up, then run: mailsync migrate": (
        "Die Datenbank ist älter als dieses Programm ({count} Migrationen fehlen). "
        "Sichern Sie sie, dann: mailsync migrate"
    ),
    "the backup {file} exists already: move it away first": (
        "Die Sicherung {file} gibt es schon: verschieben Sie sie zuerst"
    ),
    "the backup {file} cannot be written: {why}": (
        "Die Sicherung {file} lässt sich nicht schreiben: {why}"
    ),
    "the backup {file} is not sound: {found}": (
        "Die Sicherung {file} ist nicht in Ordnung: {found}"
    ),
    "the database cannot be used: {detail}": (
        "Die Datenbank lässt sich nicht benutzen: {detail}"
    ),
    "the description has {length} characters; {most} is the most": (
        "Die Beschreibung hat {length} Zeichen, höchstens {most} sind möglich"
    ),
    "the document needs a number": "Der Beleg braucht eine Nummer",
    "the document «{number}» is not linked to entry {entry}": (
        "Der Beleg «{number}» ist nicht mit Eintrag {entry} verlinkt"
    ),
    "the domain {domain} belongs to address {owner} already": (
        "Die Domäne {domain} gehört schon zu Adresse {owner}"
    ),
    "the e-mail address {email} belongs to address {owner} already": (
        "Die E-Mail-Adresse {email} gehört schon zu Adresse {owner}"
    ),
    "the employee needs a key": "Die Mitarbeiterin, der Mitarbeiter braucht ein Kürzel",
    "the employee needs a name": (
        "Die Mitarbeiterin, der Mitarbeiter braucht einen Namen"
    ),
    "the employee «{key}» exists already": "Das Kürzel «{key}» ist schon vergeben",
    "the entry needs a subtag": "Der Eintrag braucht einen Subtag",
    "the entry needs a title": "Der Eintrag braucht einen Titel",
    "the entry needs an address": "Der Eintrag braucht eine Adresse",
    "the mail is not linked to entry {number}": (
        "Das E-Mail ist nicht mit Eintrag {number} verlinkt"
    ),
    "the mailbox «{address}» cannot be read or stands there twice": (
        "Das Postfach «{address}» ist unlesbar oder steht doppelt da"
    ),
    "either due_by or do_on is needed": "due_by oder do_on ist nötig",
    "due_by or do_on, not both": "due_by oder do_on, nicht beide",
    "minutes need a time of day in do_on": "minutes braucht eine Uhrzeit in do_on",
    "this day or time does not exist": "Diesen Tag oder diese Zeit gibt es nicht",
    "the note is empty": "Die Notiz ist leer",
    "the task needs a title": "Die Aufgabe braucht einen Titel",
    "the title has {length} characters; {most} is the most": (
        "Der Titel hat {length} Zeichen, höchstens {most} sind möglich"
    ),
    "the year {year} is not between {first} and {last}": (
        "Das Jahr {year} liegt nicht zwischen {first} und {last}"
    ),
    "the {level} «{key}» is named twice": "{level} «{key}» steht zweimal da",
    "there is no address {address}": "Es gibt keine Adresse {address}",
    "there is no employee «{key}» (known: {known})": (
        "Es gibt niemanden mit dem Kürzel «{key}» (bekannt: {known})"
    ),
    "there is no calendar address {feed}": "Es gibt keine Kalenderadresse {feed}",
    "there is no conversation {number}": "Es gibt keine Unterhaltung {number}",
    "there is no entry {number}": "Es gibt keinen Eintrag {number}",
    "there is no mail with the Message-ID {message_id}": (
        "Es gibt kein E-Mail mit der Message-ID {message_id}"
    ),
    "there is no mail {number}": "Es gibt kein E-Mail {number}",
    "there is no quarantined item {number}": (
        "In der Quarantäne gibt es kein Element {number}"
    ),
    "there is no staff group «{group}» (known: {known})": (
        "Es gibt keine Gruppe «{group}» (bekannt: {known})"
    ),
    "there is no subtag «{key}» (known: {known})": (
        "Es gibt keinen Subtag «{key}» (bekannt: {known})"
    ),
    "there is no task {task}": "Es gibt keine Aufgabe {task}",
    "there is no {kind} «{number}»": "Es gibt keinen Beleg «{number}» ({kind})",
    "unknown kind of database: {scheme}": "Unbekannte Art von Datenbank: {scheme}",
    "{count} different mails carry the Message-ID {message_id}; "
    "choose one in the CRM": (
        "{count} verschiedene E-Mails tragen die Message-ID {message_id}; wählen Sie "
        "eines im CRM"
    ),
    "{local} does not exist: the clock goes forward over it in {zone}": (
        "{local} gibt es nicht: in {zone} wird die Uhr darüber vorgestellt"
    ),
    "{name} is not active any more": "{name} ist nicht mehr aktiv",
    "«{text}» is no date we know. Possible: {forms}; with a time: 14:00": (
        "«{text}» ist kein Datum, das wir kennen. Möglich: {forms}; mit Zeit: 14:00"
    ),
    "week {week} has begun already: name a day": (
        "KW {week} läuft schon: nennen Sie einen Tag"
    ),
    "the file is larger than {most} MB": "Die Datei ist grösser als {most} MB",
    "the file is empty": "Die Datei ist leer",
    "the file has more than {most} rows": "Die Datei hat mehr als {most} Zeilen",
    "the file has more than {most} columns": "Die Datei hat mehr als {most} Spalten",
    "the file has headings, but no row": "Die Datei hat Überschriften, aber keine Zeile",
    "this is no CSV file. In Excel: save as «CSV UTF-8»": (
        "Das ist keine CSV-Datei. Im Excel: speichern als «CSV UTF-8»"
    ),
    "row {row} cannot be read (an open quotation mark?)": (
        "Zeile {row} ist nicht lesbar (ein offenes Anführungszeichen?)"
    ),
    "a cell of row {row} has more than {most} characters": (
        "Eine Zelle der Zeile {row} hat mehr als {most} Zeichen"
    ),
    "choose a column for name or company": (
        "Wählen Sie eine Spalte für Name oder Firma"
    ),
    "two columns are chosen for the same field": (
        "Zwei Spalten sind für dasselbe Feld gewählt"
    ),
    "«{role}» is no kind of address": "«{role}» ist kein Typ einer Adresse",
    "the e-mail address {email} belongs to «{name}» already": (
        "Die E-Mail-Adresse {email} gehört schon zu «{name}»"
    ),
    "the address «{name}» was deleted": "Die Adresse «{name}» wurde gelöscht",
    "row {row} describes this address already": (
        "Zeile {row} beschreibt diese Adresse schon"
    ),
    "the preview has changed meanwhile: please look at it again": (
        "Die Vorschau hat sich inzwischen geändert: bitte sehen Sie sie nochmals an"
    ),
    "this file is being imported already: wait, or upload it again": (
        "Diese Datei wird schon importiert: warten Sie, oder laden Sie sie nochmals hoch"
    ),
    "there is no file to import: it is kept for two hours": (
        "Es liegt keine Datei zum Importieren vor: sie wird zwei Stunden behalten"
    ),
    "«{domain}» is no domain": "«{domain}» ist keine Domäne",
    "«{url}» is no web address": "«{url}» ist keine Webadresse",
    "«{email}» is no e-mail address": "«{email}» ist keine E-Mail-Adresse",
    "«{name}» of subtag «{subtag}» is no field of an entry (known: {known})": (
        "«{name}» bei Subtag «{subtag}» ist kein Feld eines Eintrags (bekannt: {known})"
    ),
    "this group, tag or subtag does not exist any more": (
        "Diese Gruppe, diesen Tag oder Subtag gibt es nicht mehr"
    ),
    "«{name}» has been changed meanwhile: look at it again": (
        "«{name}» wurde inzwischen geändert: sehen Sie es nochmals an"
    ),
    "the keyword «{word}» belongs to subtag «{subtag}» already": (
        "Schlagwort «{word}» ist schon bei Subtag «{subtag}»"
    ),
    "«{word}» is no keyword: one word of letters, digits and hyphens": (
        "«{word}» ist kein Schlagwort: ein Wort aus Buchstaben, Ziffern, Bindestrichen"
    ),
    "a task is due within {most} days": (
        "Eine Aufgabe ist innert {most} Tagen zu erledigen"
    ),
    "«{name}» is in use: deactivate it instead": (
        "«{name}» wird gebraucht: deaktivieren Sie es"
    ),
    "there is a «{name}» here already": "«{name}» gibt es hier schon",
    "a name is needed": "Hier fehlt ein Name",
    "at least one account must keep the administration": (
        "Mindestens ein Konto muss Verwaltung behalten"
    ),
    "the rights have been changed meanwhile: look at them again": (
        "Die Rechte wurden inzwischen geändert: sehen Sie sie nochmals an"
    ),
    "«{key}» is no key: letters, digits, - _ .": (
        "«{key}» ist kein Kürzel: Buchstaben, Ziffern, - _ ."
    ),
    "there is no such employee": "Diese Person gibt es nicht",
    "there is no such staff group": "Diese Gruppe gibt es nicht",
    "«{name}» is named in mailboxes.yaml": "«{name}» steht in mailboxes.yaml",
    "you are not in a group yet: please ask the administration": (
        "Sie sind noch in keiner Gruppe. Bitte wenden Sie sich an die Administration."
    ),
    "you are looking with other rights: end that to change something": (
        "Sie sehen mit anderen Rechten: beenden Sie das, um etwas zu ändern"
    ),
    "there are groups already: the starter set is for an empty list": (
        "Es gibt schon Gruppen: das Startset ist für eine leere Liste"
    ),
    "another daemon works on this database already (process {process})": (
        "Auf dieser Datenbank arbeitet schon ein Dienst (Prozess {process})"
    ),
    "a back-fill from {date} is going on already: wait for its end": (
        "Ein Erstabgleich ab {date} läuft schon: warten Sie dessen Ende ab"
    ),
    "the mailbox {mailbox} is not read": "Das Postfach {mailbox} wird nicht gelesen",
    "the mailbox {mailbox} is paused: resume it first": (
        "Das Postfach {mailbox} ist angehalten: setzen Sie es zuerst fort"
    ),
    "the log-in was refused {count} times within an hour: wait {minutes} minutes, or "
    "the account may be locked": (
        "Die Anmeldung wurde innert einer Stunde {count}-mal abgelehnt: warten Sie "
        "{minutes} Minuten, sonst wird das Konto vielleicht gesperrt"
    ),
    "the service has not told how it reads this mailbox yet": (
        "Der Dienst hat noch nicht gesagt, wie er dieses Postfach liest"
    ),
    "there is no mailbox «{mailbox}»": "Das Postfach «{mailbox}» gibt es nicht",
}

GERMAN: Mapping[str, str] = MappingProxyType(_GERMAN)


def say(error: CrmError, language: str) -> str:
    """The sentence of an error in the language («de» or «en»)."""
    if language != "de" or error.template not in GERMAN:
        return str(error)
    text = GERMAN[error.template]
    return text.format(**error.values) if error.values else text
