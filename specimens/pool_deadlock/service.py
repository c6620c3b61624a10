"""Tickets, and a journal of who read them that is written in a session of its own, or in the same one."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
URL = postgres_dsn().replace("postgresql:", "postgresql+psycopg:")
engine = create_engine(URL, pool_size=2, max_overflow=0, pool_timeout=0.3)

READ = text(
    "SELECT words, (SELECT count(*) FROM ticket AS other WHERE other.words < ticket.words) FROM ticket WHERE id = :id"
)
WRITE = text("INSERT INTO journal (ticket) VALUES (:id)")


def fill() -> None:
    """Fifty thousand tickets."""
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS ticket, journal"))
        connection.execute(text("CREATE TABLE ticket (id int PRIMARY KEY, words text)"))
        connection.execute(text("CREATE TABLE journal (ticket int, at timestamptz DEFAULT now())"))
        connection.execute(text("INSERT INTO ticket SELECT n, md5(n::text) FROM generate_series(1, 50000) AS n"))
        connection.execute(text("ANALYZE ticket"))
    engine.dispose()


@app.get("/tickets/<int:number>")
def ticket(number: int) -> ResponseReturnValue:
    """A ticket, and its place among all."""
    try:
        with Session(engine) as session:
            words, place = session.execute(READ, {"id": number}).one()
            if SICK:
                _note(number)
            else:
                session.execute(WRITE, {"id": number})
                session.commit()
    except NoneFree:
        return {"error": "busy"}, 503
    return {"words": words, "place": place}


def _note(number: int) -> None:
    with Session(engine) as session:
        session.execute(WRITE, {"id": number})  # fault: pool-deadlock
        session.commit()
