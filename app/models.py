"""What the models of tables are made of: for migrations and the website, not for commands.

Apart from app/db.py, because a command or a worker needs no ORM to start.
"""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every model; each room describes its own tables in its tables.py."""
