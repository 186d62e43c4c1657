"""The changes of our tables, oldest first, one file each; Alembic runs them.

`HEAD` is the newest one's name. It stands here so that a start on a database of this version need
not import Alembic only to learn that there is nothing to do.
"""

HEAD = "0003"

# Not Alembic's default name: a PostgreSQL database may be shared with a program that uses it.
VERSION_TABLE = "dragoman_version"
