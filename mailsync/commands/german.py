"""German for the sentences, states and help texts of the command line.

The English text is the key, so the code reads without this file. Swiss («ss»),
Sie-form, no exclamation marks; the words are those of the glossary.
"""

from collections.abc import Mapping
from types import MappingProxyType

# What the CRM refuses (crm_core.errors) and what the start refuses.
REFUSALS = {
    "a {level} has no key": "Auf der Stufe «{level}» fehlt ein Schlüssel",
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
    "«{domain}» is no domain": "«{domain}» ist keine Domäne",
    "«{email}» is no e-mail address": "«{email}» ist keine E-Mail-Adresse",
    "«{name}» of subtag «{subtag}» is no field of an entry (known: {known})": (
        "«{name}» bei Subtag «{subtag}» ist kein Feld eines Eintrags (bekannt: {known})"
    ),
    "another daemon works on this database already (process {process})": (
        "Auf dieser Datenbank arbeitet schon ein Dienst (Prozess {process})"
    ),
}

# What commands say when they are done.
ANSWERS = {
    "Address {address} takes no part in entry {number} any more.": (
        "Adresse {address} ist an Eintrag {number} nicht mehr beteiligt."
    ),
    "Address {address} takes part in entry {number}.": (
        "Adresse {address} ist an Eintrag {number} beteiligt."
    ),
    "Address {id} added.": "Adresse {id} erfasst.",
    "Employee «{employee}» added.": "«{employee}» erfasst.",
    "Entry {number} opened.": "Eintrag {number} eröffnet.",
    "Task {task} added.": "Aufgabe {task} zugewiesen.",
    "Task {task} changed.": "Aufgabe {task} geändert.",
    "Task {task} is cancelled.": "Aufgabe {task} ist abgebrochen.",
    "Task {task} is done.": "Aufgabe {task} ist erledigt.",
    "Task {task} is now as in Outlook.": (
        "Aufgabe {task} ist übernommen, wie sie im Outlook steht."
    ),
    "Task {task} is open again.": "Aufgabe {task} ist wieder offen.",
    "Task {task} is {employee}'s now.": "Aufgabe {task} gehört jetzt {employee}.",
    "Task {task} will be written to Outlook again.": (
        "Aufgabe {task} wird im Outlook überschrieben."
    ),
    "The configuration is valid.": "Die Konfiguration ist gültig.",
    "The conversation is not in entry {number} any more.": (
        "Die Unterhaltung ist nicht mehr in Eintrag {number}."
    ),
    "The mail is linked to entry {number}.": (
        "Das E-Mail ist mit Eintrag {number} verlinkt."
    ),
    "The mail is not in entry {number} any more.": (
        "Das E-Mail ist nicht mehr in Eintrag {number}."
    ),
    "either --due-by or --do-on is needed": (
        "--due-by (Erledigen bis) oder --do-on (Erledigen am) fehlt"
    ),
    "either --due-by or --do-on, not both": (
        "entweder --due-by (Erledigen bis) oder --do-on (Erledigen am), nicht beides"
    ),
    "--minutes needs a time: --do-on YYYY-MM-DDTHH:MM": (
        "--minutes braucht eine Uhrzeit: --do-on JJJJ-MM-TTThh:mm"
    ),
    "name the items, or give --all": "nennen Sie die Elemente, oder --all",
    "{count} findings.": "{count} Befunde.",
    "{count} items are in quarantine.": "{count} Elemente in Quarantäne.",
    "{count} items will be tried again at the next poll.": (
        "{count} Elemente werden bei der nächsten Abfrage erneut versucht."
    ),
    "{count} migrations applied.": "{count} Migrationen angewendet.",
    "{groups} groups, {tags} tags and {subtags} subtags imported.": (
        "{groups} Gruppen, {tags} Tags und {subtags} Subtags übernommen."
    ),
    "{id}  {name} ({kind})": "{id}  {name} ({kind})",
    "Tasks: {pending} pending, {failed} failed, {parked} given up, {drifted} drifted.": (
        "Aufgaben: {pending} ausstehend, {failed} misslungen, {parked} aufgegeben, "
        "{drifted} mit Abweichung."
    ),
    "The daemon runs (since {since}).": "Der Dienst läuft (Lebenszeichen {since}).",
    "The daemon gives no sign of life (last one {since}).": (
        "Der Dienst gibt kein Lebenszeichen (letztes {since})."
    ),
    "The daemon does not run.": "Der Dienst läuft nicht.",
    "The last good configuration is in force: {error}": (
        "Die letzte gültige Konfiguration bleibt in Kraft: {error}"
    ),
    "{mailboxes} mailboxes, {copies} new mails and copies, {pushed} tasks written.": (
        "{mailboxes} Postfächer, {copies} neue E-Mails und Kopien, {pushed} Aufgaben "
        "geschrieben."
    ),
    "{mailbox}: {problem} ({code})": "{mailbox}: {problem} ({code})",
    "{count} tasks could not be written.": (
        "{count} Aufgaben liessen sich nicht schreiben."
    ),
    "The demonstration has ended; nothing of it is left.": (
        "Die Vorführung ist zu Ende; von ihr bleibt nichts zurück."
    ),
    "The database as it was before: {file}": "Die Datenbank, wie sie war: {file}",
    "In quarantine: {count}.": "In Quarantäne: {count}.",
}

# States of a mailbox (mailsync.health).
STATES = {
    "not read yet": "noch nicht gelesen",
    "first sync going on": "Erstabgleich läuft",
    "in order": "in Ordnung",
    "not read for a long time": "lange nicht gelesen",
    "waits for the data protection notice": "wartet auf Datenschutz-Info",
    "log-in wrong": "Anmeldung falsch",
    "service account locked": "Dienstkonto gesperrt",
    "password cannot be read": "Passwort nicht lesbar",
    "no access: the right ApplicationImpersonation is missing": (
        "kein Zugriff: das Recht ApplicationImpersonation fehlt"
    ),
    "no access to the folder": "kein Zugriff auf den Ordner",
    "address unknown": "Adresse unbekannt",
    "secondary address": "Zweitadresse",
    "may not be read": "darf nicht gelesen werden",
    "throttled": "gedrosselt",
    "server slow": "Server langsam",
    "not reachable": "nicht erreichbar",
    "mailbox is being moved": "wird verschoben",
    "syncing anew": "Neuabgleich",
    "mailbox full": "Postfach voll",
    "folder missing": "Ordner fehlt",
    "server not found": "Server nicht gefunden",
    "unexpected answer": "unerwartete Antwort",
    "not supported": "nicht unterstützt",
    "certificate not trusted": "Zertifikat nicht vertrauenswürdig",
    "EWS is switched off there": "EWS ist dort abgeschaltet",
    "fault of this program": "Fehler dieses Programms",
}

# Help texts.
HELP = {
    "Ties Exchange mailboxes to CRM entries, and tasks back to Outlook.": (
        "Verbindet Exchange-Postfächer mit CRM-Einträgen und Aufgaben mit Outlook."
    ),
    "folder of service.yaml and mailboxes.yaml [env: MAILSYNC_CONFIG]": (
        "Verzeichnis von service.yaml und mailboxes.yaml [Umgebung: MAILSYNC_CONFIG]"
    ),
    "language of the output": "Sprache der Ausgabe",
    "print one JSON object": "ein JSON-Objekt ausgeben",
    "Customers, suppliers, authorities: their e-mail addresses and mail.": (
        "Kunden, Lieferanten, Ämter: ihre E-Mail-Adressen und E-Mails."
    ),
    "Add an address.": "Erfasst eine Adresse.",
    "name of the company or person": "Name der Firma oder Person",
    "what the address is to the company": "was die Adresse für den Betrieb ist",
    "an e-mail address; repeatable": "eine E-Mail-Adresse; mehrfach möglich",
    "a further e-mail address": "eine weitere E-Mail-Adresse",
    "a whole domain; repeatable": "eine ganze Domäne; mehrfach möglich",
    "Show an address: its entries and all its mail, linked or not.": (
        "Zeigt eine Adresse: ihre Einträge und alle ihre E-Mails, verlinkt oder nicht."
    ),
    "Employees without a mailbox of their own.": (
        "Mitarbeitende ohne eigenes Postfach."
    ),
    "Add an employee.": "Erfasst eine Mitarbeiterin, einen Mitarbeiter.",
    "short name for commands and programs": "Kürzel für Befehle und Programme",
    "name of the employee": "Name der Mitarbeiterin, des Mitarbeiters",
    "a staff group; repeatable": "eine Gruppe; mehrfach möglich",
    "CRM entries.": "CRM-Einträge.",
    "Open an entry.": "Eröffnet einen Eintrag.",
    "address id": "Nummer der Adresse",
    "key of the subtag": "Schlüssel des Subtags",
    "title of the entry": "Titel des Eintrags",
    "a first note": "eine erste Notiz",
    "for the group GL only": "nur für die Gruppe GL",
    "Add an address that takes part in an entry.": (
        "Fügt einem Eintrag eine beteiligte Adresse hinzu."
    ),
    "takes part no longer": "ist nicht mehr beteiligt",
    "Link a mail, and with it its whole conversation.": (
        "Verlinkt ein E-Mail und damit seine ganze Unterhaltung."
    ),
    "Message-ID, with or without angle brackets": (
        "Message-ID, mit oder ohne spitze Klammern"
    ),
    "Take a mail, or its whole conversation, out of an entry for good.": (
        "Löst die Verlinkung eines E-Mails oder seiner ganzen Unterhaltung endgültig."
    ),
    "the whole conversation": "die ganze Unterhaltung",
    "Show an entry: who takes part, its mail, its tasks.": (
        "Zeigt einen Eintrag: Beteiligte, E-Mails, Aufgaben."
    ),
    "Tasks of employees, and their copies in Outlook.": (
        "Aufgaben der Mitarbeitenden und ihr Abbild im Outlook."
    ),
    "Give an employee something to do for an entry.": (
        "Weist jemandem eine Aufgabe zu einem Eintrag zu."
    ),
    "what is to be done": "was zu tun ist",
    "key of the employee": "Kürzel der Mitarbeiterin, des Mitarbeiters",
    "more about it": "mehr dazu",
    "to be done by this day: an Outlook task": (
        "Erledigen bis zu diesem Tag: eine Outlook-Aufgabe"
    ),
    "to be done on this day or at this time: an appointment": (
        "Erledigen an diesem Tag oder zu dieser Zeit: ein Kalendereintrag"
    ),
    "length of an appointment with a time (60)": (
        "Dauer eines Kalendereintrags mit Uhrzeit (60)"
    ),
    "Change what is given.": "Ändert, was angegeben ist.",
    "Give a task to another employee.": "Weist eine Aufgabe jemand anderem zu.",
    "Show a task and how it stands in Outlook.": (
        "Zeigt eine Aufgabe und wie sie im Outlook steht."
    ),
    "Mark a task as done.": "Markiert eine Aufgabe als erledigt.",
    "Open a task again.": "Öffnet eine Aufgabe wieder.",
    "Cancel a task.": "Bricht eine Aufgabe ab.",
    "Take over what the employee changed in Outlook.": (
        "Übernimmt, was im Outlook geändert wurde."
    ),
    "Write the task to Outlook again, as it stands here.": (
        "Überschreibt die Aufgabe im Outlook mit dem Stand hier."
    ),
    "Run the daemon (what happens without a command, too).": (
        "Startet den Dienst (auch ohne Angabe eines Befehls)."
    ),
    "refuse to start on a broken file": "mit fehlerhafter Datei nicht starten",
    "Poll every mailbox to its end, write what is due, compare, and end.": (
        "Fragt jedes Postfach bis zum Ende ab, schreibt Fälliges, gleicht ab und endet."
    ),
    "Tell how the mailboxes and the daemon fare; exit 1 if somebody must act.": (
        "Sagt, wie es Postfächern und Dienst geht; Rückgabewert 1, wenn jemand "
        "handeln muss."
    ),
    "Show the whole job on a simulated Exchange; ends with Ctrl-C.": (
        "Zeigt das Ganze an einem simulierten Exchange; Ende mit Ctrl-C."
    ),
    "everything at once, then the counts": "alles auf einmal, dann die Zahlen",
    "of the mails": "der E-Mails",
    "1 = a mail about every 20 seconds": "1 = etwa alle 20 Sekunden ein E-Mail",
    "port of the simulated Exchange; 0 = a free one": (
        "Port des simulierten Exchange; 0 = ein freier"
    ),
    "Bring the database up to this program's tables.": (
        "Bringt die Datenbank auf den Stand dieses Programms."
    ),
    "Check the configuration; nothing is asked but its files.": (
        "Prüft die Konfiguration; nur ihre Dateien werden gelesen."
    ),
    "form of the output": "Form der Ausgabe",
    "warnings make it fail (exit 1)": "auch Warnungen gelten (Rückgabewert 1)",
    "Check all invariants over the whole database.": (
        "Prüft alle Regeln über die ganze Datenbank."
    ),
    "Hand out what is stored.": "Gibt heraus, was gespeichert ist.",
    "One line of JSON per mail: where it lies, its thread, its entries.": (
        "Eine JSON-Zeile je E-Mail: wo es liegt, seine Unterhaltung, seine Einträge."
    ),
    "Group › tag › subtag.": "Gruppe › Tag › Subtag.",
    "Add and update the taxonomy from a file; nothing is removed.": (
        "Ergänzt und ändert die Gruppen, Tags und Subtags aus einer Datei; entfernt "
        "wird nichts."
    ),
    "Items that could not be read or applied.": (
        "Was sich nicht lesen oder übernehmen liess."
    ),
    "List what waits.": "Zählt auf, was wartet.",
    "Show why an item waits.": "Zeigt, warum ein Element wartet.",
    "Try items again at the next poll of their mailbox.": (
        "Versucht Elemente bei der nächsten Abfrage ihres Postfachs erneut."
    ),
    "everything that waits": "alles, was wartet",
}

GERMAN: Mapping[str, str] = MappingProxyType(REFUSALS | ANSWERS | STATES | HELP)
