"""Where a cell is and who may speak to it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sparring.errors import ConfigError

PORT = 5580
TOKEN_VARIABLE = "SPARRING_CELL_TOKEN"
MIN_TOKEN_N = 16
METADATA_KEY = "sparring-token"
TOO_MANY = "too many requests a second"
CONCURRENT = "Concurrent RPC limit exceeded"
"""Refusals that are over in a moment: our own, and the beginning of gRPC's."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Address:
    """Host and port of a cell."""

    host: str
    port: int

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: impossible.
        """
        if not self.host or any(character.isspace() or character in "/?#@" for character in self.host):
            raise ConfigError(f"impossible host {self.host!r} of a cell")
        if not 1 <= self.port <= 65535:
            raise ConfigError(f"a cell's port is from 1 to 65535, got {self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside this machine can reach it."""
        return self.host in LOOPBACK

    @property
    def target(self) -> str:
        """As gRPC has it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"tcp://{self.target}"


def address_of(text: str) -> Address:
    """The address that `tcp://HOST:PORT` names.

    Raises:
        ConfigError: it names none.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme != "tcp" or not host or port is None or parts.path not in ("", "/") or parts.query or parts.username:
        raise ConfigError(f"a cell's address is written tcp://HOST:PORT, such as tcp://127.0.0.1:{PORT}; got {text!r}")
    return Address(host, port)


def token_from(file: Path | None) -> str | None:
    """The shared token: from a file, or else from the environment; None where there is none.

    Raises:
        ConfigError: the file cannot be read, or the token is too short to keep anybody out.
    """
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"could not read the token from {file}: {error}") from None
    else:
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            return None
    if len(token) < MIN_TOKEN_N or not token.isascii() or not token.isprintable():
        raise ConfigError(f"a cell's token has at least {MIN_TOKEN_N} printable ASCII characters; make one: openssl rand -hex 32")
    return token


def not_installed() -> ConfigError:
    """What is said where gRPC, or the protobuf that comes with it, is missing."""
    return ConfigError("remote cells need gRPC, which is not installed: pip install 'sparring[cell]'")


def grpc() -> Any:
    """GRPC.

    Raises:
        ConfigError: it is not installed.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what is worth telling, we tell
    try:
        import grpc
    except ImportError:
        raise not_installed() from None
    return grpc
