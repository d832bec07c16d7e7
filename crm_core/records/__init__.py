"""The CRM's own records and what staff do with them.

addresses (address_file, address_import, import_files)   customers and others
entries (merging, merged, watches)                       CRM entries
tasks, schedule                                          due by, do on
documents                                                Rapporte, Lieferscheine
"""
