"""What leaves as files: an entry, everything, a verified copy of the database.

export           JSON of what is stored          entry_export   one entry, mails too
whole_export     everything                      backup         of the database
spreadsheets     CSV in which nothing is a formula
"""
