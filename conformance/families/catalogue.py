"""All families."""

from families import Family
from families.dense_decoders import FAMILIES as DENSE_DECODERS

FAMILIES: list[Family] = [*DENSE_DECODERS]
