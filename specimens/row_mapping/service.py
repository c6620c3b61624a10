"""What a meter counted: an object for each reading, or one sum."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, func, select, text
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


def fill() -> None:
    """Four meters of 2,500 readings."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO reading SELECT n, n % 4 + 1, n % 365, n * 7 % 90, 'kWh', 'reader ' || n % 9 "
                "FROM generate_series(1, 10000) AS n"
            )
        )
        connection.execute(text("ANALYZE reading"))
    engine.dispose()


@app.get("/meters/<int:meter>")
def total(meter: int) -> ResponseReturnValue:
    """How many readings, and their sum."""
    with Session(engine) as session:
        if SICK:
            readings = session.scalars(select(Reading).where(Reading.meter == meter)).all()  # fault: row-mapping
            return {"readings": len(readings), "used": sum(reading.used for reading in readings)}
        count, used = session.execute(select(func.count(), func.sum(Reading.used)).where(Reading.meter == meter)).one()
        return {"readings": count, "used": used}
