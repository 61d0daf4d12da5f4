"""What models are made of: for the website's pages and for migrations, not for commands.

Apart from app/db.py, because a command or a worker needs neither Flask nor an ORM to start.
"""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every model; each room describes its own tables in its tables.py."""


db = SQLAlchemy(model_class=Base)
