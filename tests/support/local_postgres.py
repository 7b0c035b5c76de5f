"""A PostgreSQL of one's own for an hour: the one real ODBC source that this project can start by itself."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ODBC_DRIVER = "PostgreSQL Unicode"
# Without a declared cursor this driver holds the whole answer in memory, whoever reads it.
CURSOR_ROWS = 10_000


def programs() -> Path | None:
    """The folder of the server's programs as Debian installs them; None where there is none."""
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The ODBC connection string of a server whose files stand in an empty folder; root has it run as postgres."""
    found = programs()
    if found is None:
        raise FileNotFoundError("no PostgreSQL server: install postgresql")
    as_user: list[str] = []
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = str(folder / "data")
    control = [*as_user, str(found / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
    initialise = [*as_user, str(found / "initdb"), "-D", data, "-A", "trust", "-U", "reader", "--no-sync"]
    subprocess.run(initialise, check=True, capture_output=True)
    options = f"-p {port} -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off"
    # Its output must not be read: the server keeps the pipe open for as long as it lives.
    subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield (
            f"DRIVER={{{ODBC_DRIVER}}};SERVER=127.0.0.1;PORT={port};DATABASE=postgres;UID=reader;"
            f"UseDeclareFetch=1;Fetch={CURSOR_ROWS}"
        )
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
