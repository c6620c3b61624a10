"""Articles of a topic with the number and the first of their comments, through SQLAlchemy's ORM."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy import ForeignKey, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
engine = create_engine(postgres_dsn().replace("postgresql:", "postgresql+psycopg:"), pool_size=8)


class Base(DeclarativeBase):
    """Of both tables."""


class Article(Base):
    """Has comments."""

    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[int] = mapped_column(index=True)
    title: Mapped[str]
    comments: Mapped[list[Comment]] = relationship(order_by="Comment.id")


class Comment(Base):
    """Belongs to an article."""

    __tablename__ = "comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)
    words: Mapped[str]


def fill() -> None:
    """Twenty topics of 25 articles, three comments each."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO article SELECT n, n % 20 + 1, 'article ' || n FROM generate_series(1, 500) AS n")
        )
        connection.execute(
            text("INSERT INTO comment SELECT n, n % 500 + 1, 'comment ' || n FROM generate_series(1, 1500) AS n")
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE article, comment"))
    engine.dispose()


@app.get("/topics/<int:topic>")
def articles(topic: int) -> ResponseReturnValue:
    """A topic's articles."""
    statement = select(Article).where(Article.topic == topic).order_by(Article.id)
    if not SICK:
        statement = statement.options(selectinload(Article.comments))
    with Session(engine) as session:
        return {"items": [_shown(article) for article in session.scalars(statement)]}


def _shown(article: Article) -> dict[str, object]:
    comments = article.comments  # fault: n-plus-one
    return {"title": article.title, "comments": len(comments), "first": comments[0].words}
