"""The sample shop: a small, real service to measure. It imports nothing of Loadstone and is started as a process.

    python -m loadstone.demo --port 8000

A catalogue of 10,000 products with reviews and search, accounts with login and CSRF protection, carts and orders
with transactional stock; SQLite by default, PostgreSQL with ``--dsn``. Its data are the same on every start.
"""
