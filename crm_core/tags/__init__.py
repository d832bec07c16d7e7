"""Gruppe › Tag › Subtag: what entries are filed under.

classification   reading and importing it
taxonomy         changing it on the page       taxonomy_file   as a file
subtag_details   keywords, templates, defaults of a subtag
starter_set      one for a boat workshop to begin with
"""
