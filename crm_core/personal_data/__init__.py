"""What privacy law asks for (revDSG): one person's data found, shown, erased.

persons              one person: an address with all its e-mail addresses
privacy              the access report             erasure    everything erased
redaction, scrubbing names taken out of others' texts; bytes off the disk
own_mail             an employee takes a mail of the own mailbox out
"""
