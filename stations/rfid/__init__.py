"""Library RFID: data models, readers, and the write transaction."""

from stations.rfid.content import ELEMENT_NAMES, Finding, TagContent, TagImage
from stations.rfid.detect import decode, decode_uhf, encode, pii
from stations.rfid.feig import FeigReader
from stations.rfid.write import TagReport, write_tag

__all__ = [  # noqa: RUF022 - in reading order
    "encode", "decode", "decode_uhf", "pii", "TagContent", "TagImage", "Finding", "ELEMENT_NAMES",
    "write_tag", "TagReport",
    "FeigReader",
]  # fmt: skip
