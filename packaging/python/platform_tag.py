"""Tells hatchling which platform the programs are for, as `AIWG_WHEEL_PLATFORM` names it, such as `manylinux_2_31_x86_64`."""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + os.environ["AIWG_WHEEL_PLATFORM"]
