"""Tasks in Outlook: what shall be there, what is, and what employees did to it.

task_text        a task as subject and body of its copy
mirror_fields    the fields of a copy, compared
mirror_wishes    which copies a change of a task wants
pushes           the daemon's half of writing them
sightings        what the polls saw of them: drift
mirrors          what people decide about drift: adopt, overwrite, try again
"""
