"""What a meter counted, reading by reading: out of an object for each, or out of plain rows."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
engine = create_engine(postgres_dsn().replace("postgresql:", "postgresql+psycopg:"), pool_size=8)


class Base(DeclarativeBase):
    """Of the table."""


class Reading(Base):
    """What a meter showed."""

    __tablename__ = "reading"
    id: Mapped[int] = mapped_column(primary_key=True)
    meter: Mapped[int] = mapped_column(index=True)
    day: Mapped[int]
    used: Mapped[int]
    unit: Mapped[str]
    reader: Mapped[str]
    place: Mapped[str]
    checked: Mapped[int]
    peak: Mapped[int]
    note: Mapped[str]


def fill() -> None:
    """Eight meters of 900 readings."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO reading SELECT n, n % 8 + 1, n % 365, n * 7 % 90, 'kWh', 'reader ' || n % 9, "
                "'cellar', 1, n % 11, '' "
                "FROM generate_series(1, 7200) AS n"
            )
        )
        connection.execute(text("ANALYZE reading"))
    engine.dispose()


@app.get("/meters/<int:meter>")
def readings(meter: int) -> ResponseReturnValue:
    """Every reading in the order of its number."""
    with Session(engine) as session:
        if SICK:
            found = session.scalars(select(Reading).where(Reading.meter == meter).order_by(Reading.id))
            return {"used": [reading.used for reading in found]}  # fault: row-mapping
        used = session.scalars(select(Reading.used).where(Reading.meter == meter).order_by(Reading.id))
        return {"used": list(used)}
