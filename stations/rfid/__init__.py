"""Library RFID: data models, readers, and the write transaction."""

from stations.rfid.capability import Capability
from stations.rfid.compaction import Compaction, compaction_named
from stations.rfid.content import ELEMENT_NAMES, Finding, TagContent, TagImage
from stations.rfid.detect import Dump, decode, decode_dump, decode_memory, decode_uhf, pii
from stations.rfid.encode import HF_MODELS, MODELS, UHF_MODELS, encode, encode_hf, encode_told, encode_uhf
from stations.rfid.feig import FeigReader
from stations.rfid.iso28560_2 import Value
from stations.rfid.llrp import LlrpReader
from stations.rfid.readers import READER_KINDS, Reader, open_reader
from stations.rfid.rl866 import Rl866Reader
from stations.rfid.write import TagReport, write_tag
from stations.rfid.write_log import WriteLog

__all__ = [  # noqa: RUF022 - in reading order
    "decode", "decode_uhf", "decode_dump", "decode_memory", "pii",
    "encode", "encode_hf", "encode_uhf", "encode_told", "MODELS", "HF_MODELS", "UHF_MODELS",
    "Value", "Dump", "Compaction", "compaction_named",
    "TagContent", "TagImage", "Finding", "ELEMENT_NAMES",
    "write_tag", "TagReport", "WriteLog",
    "open_reader", "READER_KINDS", "Reader", "Capability", "FeigReader", "LlrpReader", "Rl866Reader",
]  # fmt: skip
