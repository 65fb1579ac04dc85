"""Peers asked the same queries over the same bookmarks: buku, and bare SQLite FTS5 as a floor.

usage: peers.py LINKS.jsonl QUERIES.txt DIRECTORY
Prints rows of the benchmark's table; times are of this process, there is no HTTP in them.
"""

import json
import pathlib
import re
import sqlite3
import sys
import time


def measured(ask, queries):
    """CPU milliseconds a query, and the 50th and 99th percentile of wall milliseconds."""
    walls = []
    cpu = time.process_time()
    for query in queries:
        began = time.perf_counter()
        ask(query)
        walls.append((time.perf_counter() - began) * 1e3)
    cpu = (time.process_time() - cpu) * 1e3 / len(queries)
    walls.sort()
    return cpu, walls[len(walls) // 2], walls[min(len(walls) - 1, len(walls) * 99 // 100)]


def told(size, name, queries, ask):
    cpu, p50, p99 = measured(ask, queries)
    print(f"| {size} | {name} | {len(queries)} | {cpu:.3f} | {p50:.2f} | {p99:.2f} | |")


def fts5(links, path):
    """Words alone, best 20 by BM25, with a snippet; every word must be there."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE f USING fts5(title, description, tags, tokenize='porter')")
    rows = [(one["title"], one["description"], " ".join(one["tags"] or [])) for one in links]
    with connection:
        connection.executemany("INSERT INTO f VALUES (?, ?, ?)", rows)

    def ask(query):
        words = " ".join(f'"{word}"' for word in re.findall(r"\w+", query))
        sql = "SELECT title, snippet(f, 1, '<', '>', '…', 24) FROM f WHERE f MATCH ? ORDER BY rank LIMIT 20"
        return connection.execute(sql, (words,)).fetchall() if words else []

    return ask


def buku_search(links, path):
    """buku's own search: substrings of every field, any word."""
    import buku

    shelf = buku.BukuDb(dbfile=path)
    for one in links:
        tags = "," + ",".join(tag.replace(",", " ") for tag in one["tags"] or []) + ","
        shelf.add_rec(one["url"], one["title"], tags, one["description"], delay_commit=True, fetch=False)
    shelf.conn.commit()
    return lambda query: shelf.searchdb(query.split(), all_keywords=False, deep=True)


def main():
    file, asked, directory = sys.argv[1:4]
    links = [json.loads(line) for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines()]
    queries = pathlib.Path(asked).read_text(encoding="utf-8").splitlines()
    told(len(links), "SQLite FTS5, words, in process", queries, fts5(links, f"{directory}/fts5.db"))
    try:
        ask = buku_search(links, f"{directory}/buku.db")
    except ImportError:
        print("buku is not installed: its rows are missing", file=sys.stderr)
        return
    told(len(links), "buku, substrings, in process", queries[:100], ask)


main()
