"""People and programs: pages in German and English, and the REST API.

    app          create_app: blueprints, connection per request, headers, error pages
    settings     what the pages need from the configuration
    rooms        the blueprint every page file uses: unsafe routes are one transaction
    auth         who is signed in        csrf   two gates on every unsafe request
    i18n         languages, dates        forms  values and errors per field
    dates        typed Swiss dates       charts inline SVG
    mail_html    hostile HTML → framed document
    pages/       thin: parse → service → redirect          api/   /api/v1

Holds no mailbox credential and talks to no other host. Every query is made by
``crm_core``; every visible row went through the request's ``Viewer``.
"""
