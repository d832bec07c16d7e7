"""A small Exchange over real HTTP and SOAP, for tests and demonstrations.

Imports nothing of the product and no Exchange client; see README.md.
"""
