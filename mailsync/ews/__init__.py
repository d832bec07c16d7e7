"""The EWS adapter: the only package that imports exchangelib.

``EwsServer(settings)`` is the factory, ``EwsMailbox`` the port. Nothing of
exchangelib comes out of here: no type, no error, no folder object. What the adapter
does was checked against a simulated Exchange only; exchange.md §14 lists what to
verify on a real one.
"""
