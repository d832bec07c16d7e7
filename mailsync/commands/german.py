"""German for the sentences, states and help texts of the command line.

The English text is the key, so the code reads without this file. Swiss («ss»),
Sie-form, no exclamation marks; the words are those of the glossary.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.sentences import GERMAN as REFUSALS

# What commands say when they are done.
ANSWERS = {
    "Account «{login}» added.": "Konto «{login}» angelegt.",
    "Pages at {url}": "Webseiten unter {url}",
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
    "{files} files written to {folder}.": "{files} Dateien nach {folder} geschrieben.",
    "the folder {folder} is not empty": "das Verzeichnis {folder} ist nicht leer",
    "{mails} mails go ({shared} of them name others too, {linked} are in entries), and "
    "the name in all texts.": (
        "{mails} E-Mails werden gelöscht ({shared} davon nennen auch andere, {linked} "
        "sind in Einträgen), und der Name in allen Texten."
    ),
    "Erase for good?": "Endgültig löschen?",
    "{mails} mails erased, {texts} texts changed.": (
        "{mails} E-Mails gelöscht, {texts} Texte geändert."
    ),
    "Traces are left in the database file: stop the programs and run it again.": (
        "In der Datenbankdatei sind Spuren geblieben: halten Sie die Programme an und "
        "wiederholen Sie den Befehl."
    ),
    "{new} new, {changed} changed, {same} unchanged, {skipped} left out, "
    "{failed} failed.": (
        "{new} neu, {changed} geändert, {same} unverändert, {skipped} ausgelassen, "
        "{failed} fehlerhaft."
    ),
    "Backup made and verified: {file}": "Sicherung gemacht und geprüft: {file}",
    "PostgreSQL is backed up by its own means: pg_dump --format=custom "
    "--file={file} and the database's name": (
        "PostgreSQL wird mit eigenen Mitteln gesichert: pg_dump --format=custom "
        "--file={file} und der Name der Datenbank"
    ),
    "The database as it was before: {file}": "Die Datenbank, wie sie war: {file}",
    "In quarantine: {count}.": "In Quarantäne: {count}.",
}

# States of a mailbox (mailsync.health).
STATES = {
    "not read yet": "noch nicht gelesen",
    "first sync going on": "Erstabgleich läuft",
    "in order": "in Ordnung",
    "mails are missing": "es fehlen E-Mails",
    "not read for a long time": "lange nicht gelesen",
    "paused": "angehalten",
    "paused by {who} since {when}": "angehalten von {who} seit {when}",
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
    "Add a token; it is shown once. It acts as U, by default the first GL account.": (
        "Legt einen Schlüssel an; er wird einmal gezeigt und handelt als U, ohne "
        "Angabe als erstes Konto der GL."
    ),
    "Add an account; the employee is made where missing.": (
        "Legt ein Konto an, wo nötig auch die Mitarbeiterin oder den Mitarbeiter."
    ),
    "Keys for programs that use the API.": "Schlüssel für Programme an der API.",
    "People who sign in to the pages.": "Wer sich an den Seiten anmeldet.",
    "Serve the pages and the API.": "Zeigt die Seiten und die API.",
    "acts as this account": "handelt als dieses Konto",
    "file with the password; otherwise it is asked for": (
        "Datei mit dem Passwort; sonst wird danach gefragt"
    ),
    "staff group": "Gruppe",
    "what it may do": "was er darf",
    "where to listen": "wo gehorcht wird",
    "Ties Exchange mailboxes to CRM entries, and tasks back to Outlook.": (
        "Verbindet Exchange-Postfächer mit CRM-Einträgen und Aufgaben mit Outlook."
    ),
    "folder of service.yaml and mailboxes.yaml [env: MAILSYNC_CONFIG]": (
        "Verzeichnis von service.yaml und mailboxes.yaml [Umgebung: MAILSYNC_CONFIG]"
    ),
    "language of the output": "Sprache der Ausgabe",
    "print one JSON object": "ein JSON-Objekt ausgeben",
    "folder to write into; made where missing, must be empty": (
        "Verzeichnis für die Dateien; wird erstellt, muss leer sein"
    ),
    "do not ask": "nicht nachfragen",
    "Write an entry with its mails: entry.json and one .eml per mail.": (
        "Schreibt einen Eintrag mit seinen E-Mails: entry.json und je E-Mail eine "
        ".eml-Datei."
    ),
    "Write all that is stored about a person: person.json, one .eml per mail.": (
        "Schreibt alles, was über eine Person gespeichert ist: person.json und je "
        "E-Mail eine .eml-Datei."
    ),
    "Write everything: all tables, the lists as CSV, every entry with its mails.": (
        "Schreibt alles: alle Tabellen, die Listen als CSV, jeden Eintrag mit seinen "
        "E-Mails."
    ),
    "Remove for good what is stored.": "Löscht endgültig, was gespeichert ist.",
    "Erase a person: mails, address, and the name in all texts, for good.": (
        "Löscht eine Person endgültig: E-Mails, Adresse, und den Namen in allen Texten."
    ),
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
    "port of the pages; 0 = a free one": "Port der Seiten; 0 = ein freier",
    "do not open the pages in a browser": "die Seiten nicht im Browser öffnen",
    "Bring the database up to this program's tables.": (
        "Bringt die Datenbank auf den Stand dieses Programms."
    ),
    "Check the configuration; nothing is asked but its files.": (
        "Prüft die Konfiguration; nur ihre Dateien werden gelesen."
    ),
    "form of the output": "Form der Ausgabe",
    "warnings make it fail (exit 1)": "auch Warnungen gelten (Rückgabewert 1)",
    "also compare every mailbox with the database": (
        "auch jedes Postfach mit der Datenbank vergleichen"
    ),
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
    "Copy the database to FILE while it is in use, and verify the copy.": (
        "Kopiert die Datenbank im Betrieb nach FILE und prüft die Kopie."
    ),
    "Import addresses from a CSV file; its first row names the columns.": (
        "Liest Adressen aus einer CSV-Datei ein; die erste Zeile nennt die Spalten."
    ),
    "leave addresses that exist as they are": "bestehende Adressen so lassen",
    "only say what would happen": "nur sagen, was geschähe",
    "what the addresses are where a row says nothing": (
        "was die Adressen sind, wo eine Zeile nichts sagt"
    ),
}

GERMAN: Mapping[str, str] = MappingProxyType({**REFUSALS, **ANSWERS, **STATES, **HELP})
