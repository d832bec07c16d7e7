"""Which mails are one conversation, by keys and never by a subject alone.

evidence       what the copies of a mail say about its thread, as keys
partition      which mails are one, given their keys; pure
conversations  keys looked up, conversations made and joined as mail comes in
rethreading    threads made anew for mails that are here already
voiding        a person says that a key means nothing
review_cases   two threads that a person must decide about
"""
