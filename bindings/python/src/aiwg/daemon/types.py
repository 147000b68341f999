"""The types of results, and those within params."""

from ._generated.types import *  # noqa: F403
from ._reading import UnknownVariant as UnknownVariant
