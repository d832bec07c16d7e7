"""The demonstration: a boatyard's day on a simulated Exchange, told in words.

    feed       the boatyard's mail, printed by a child process of the sandbox
    outside    the sandbox's control endpoint: deliver, act as an employee, its ledger
    children   the child processes, in our process group, ended with us
    company    the configuration of the boatyard
    pages      the web process, its log-ins, what it knows of the demonstration
    stage      all of it together; the CRM's commands
    facts      what the database says about mail
    scenes     something happens, mailsync deals with it, it is told and checked
    mail_scenes mailbox_scenes crm_scenes task_scenes    their kinds
    mail_checks mail_words      what is compared and told about a mail
    erp_scenes running_scenes   what is going on when somebody looks in
    plot running_plot task_plot which scenes, in which order, and how each must end
    play       all at once, or one after the other until somebody has seen enough
    reckoning  counts at the end: the sandbox's ledger beside the database
    voice      German and English

The product does not know that it is a demonstration: the children run the ordinary
commands on an ordinary configuration. Whatever is told about mailsync is read back from
the database, whatever is told about Exchange from the sandbox's ledger and mailboxes.
What the plot expects is only compared with it, and a difference ends with exit code 1.
"""
