"""Options that several subcommands share."""

from typing import Annotated, Literal

import tyro

from sparring.farm.executors import FarmConfig

DeviceName = Literal["auto", "cpu", "cuda"]
ProtocolName = Literal["low-force", "high-force"]
TestedObjects = Literal["named", "novel-families", "held-out"]
Farm = Annotated[FarmConfig, tyro.conf.arg(name="")]
FARM = FarmConfig()
Settings = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUE ...")]
