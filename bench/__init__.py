"""``make bench``: what an ingested mail costs, beside exchangelib as it ships."""
