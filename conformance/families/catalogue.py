"""All families."""

from families import Family
from families.dense_decoders import FAMILIES as DENSE_DECODERS
from families.encoder_decoders import FAMILIES as ENCODER_DECODERS
from families.encoders import FAMILIES as ENCODERS
from families.experts import FAMILIES as EXPERTS
from families.images_and_sound import FAMILIES as IMAGES_AND_SOUND
from families.vision_language import FAMILIES as VISION_LANGUAGE

FAMILIES: list[Family] = [*DENSE_DECODERS, *EXPERTS, *ENCODERS, *ENCODER_DECODERS, *VISION_LANGUAGE, *IMAGES_AND_SOUND]
