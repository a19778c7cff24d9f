"""Matrix symbols: QR (ISO/IEC 18004) and Data Matrix ECC 200 (ISO/IEC 16022), encoded by zxing-cpp.

The library gives the modules; how many dots a module takes is ours, so that every module is equally wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from workcell.kernel.errors import BadInput


@dataclass(frozen=True, eq=False)
class MatrixSymbol:
    """``modules`` rows by columns, true where dark; ``quiet`` modules stay white on every side."""

    symbology: str
    text: str
    modules: NDArray[np.bool_]
    quiet: int

    def size_with_quiet(self, module: int) -> tuple[int, int]:
        """Width and height in dots with modules of ``module`` dots."""
        rows, columns = self.modules.shape
        return (columns + 2 * self.quiet) * module, (rows + 2 * self.quiet) * module

    def dots(self, module: int) -> NDArray[np.bool_]:
        """The symbol without quiet zone, each module ``module`` dots wide and high."""
        return np.repeat(np.repeat(self.modules, module, axis=0), module, axis=1)


@dataclass(frozen=True)
class _Encoder:
    format: Any
    quiet: int
    options: Mapping[str, Any]


_ENCODERS: Final[Mapping[str, _Encoder]] = {
    "qr": _Encoder(zxingcpp.BarcodeFormat.QRCode, 4, {"ec_level": "M"}),
    "datamatrix": _Encoder(zxingcpp.BarcodeFormat.DataMatrix, 2, {"force_square": True}),
}
"""Quiet zones: 4 modules for QR; for Data Matrix 1 is required, 2 are kept for blurred pictures."""

MATRIX_SYMBOLOGIES: Final = tuple(_ENCODERS)


def matrix_symbol(text: str, symbology: str) -> MatrixSymbol:
    """Encode ``text`` (UTF-8 where it must be); raises BadInput when it is empty or too long."""
    encoder = _ENCODERS[symbology]
    if not text:
        raise BadInput(f"an empty text makes no {symbology} symbol", remedy="Give at least one character.")
    try:
        barcode = zxingcpp.create_barcode(text, encoder.format, **encoder.options)
        image = np.asarray(barcode.to_image(scale=1, add_quiet_zones=False))
    except (ValueError, RuntimeError) as error:
        raise BadInput(
            f"a {symbology} symbol can't carry it ({error})", subject=text[:40], remedy="Shorten the text."
        ) from error
    return MatrixSymbol(symbology, text, image < 128, encoder.quiet)
