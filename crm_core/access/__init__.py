"""Who somebody is and what they may see and do.

staff, people       employees, groups, rights      accounts, outside_accounts,
permissions         from groups to rights          own_account: signing in
viewer              the one filter that every list, count and search goes through
view_as             looking with the rights of a group
panels, calendar_feeds   keys for what is shown outside of a session
"""
