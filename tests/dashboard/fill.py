"""Fills the store of a stopped daemon with copies of its first task: fill.py DATABASE NUMBER."""

import sqlite3
import sys

path, number = sys.argv[1], int(sys.argv[2])
with sqlite3.connect(path) as store:
    columns = [row[1] for row in store.execute("PRAGMA table_info(task)")]
    given = {"no": "n", "prompt": "'Task ' || n || ' of many'", "created_at": "created_at + n", "started_at": "started_at + n", "completed_at": "completed_at + n"}
    values = ", ".join(given.get(name, f'task."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    store.execute(
        f"WITH RECURSIVE number(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < {number})"
        f" INSERT INTO task ({names}) SELECT {values} FROM number, task WHERE task.no = 1"
    )
    store.execute("UPDATE counter SET value = value + ? WHERE name = 'completed'", (number - 1,))
