"""Takes a domain for proven in the records of a server under test. It cannot prove itself there: it would
have to have a name on the internet, and a certificate. Arguments: the file of the records, the domain."""

import sqlite3
import sys
import time

RECORDS, DOMAIN = sys.argv[1:3]
# Seconds the server's own writes are waited for.
SOON = 20

with sqlite3.connect(RECORDS, timeout=SOON) as records:
    proven = records.execute(
        "UPDATE sso_domains SET verified_at = ? WHERE name = ?", (int(time.time() * 1000), DOMAIN)
    )
assert proven.rowcount == 1, f"{DOMAIN} was not named"
records.close()
