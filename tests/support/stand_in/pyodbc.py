"""In a process whose path begins with this folder, pyodbc is the stand-in."""

from tsql_stand_in import Error, connect, drivers

__all__ = ["Error", "connect", "drivers"]
version = "stand-in"
