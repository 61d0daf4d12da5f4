"""The Chinese font that certificates carry: an npm package, found where setup puts it."""

from pathlib import Path

from app.config import ROOT
from app.domain.errors import RegistryError

FOLDER = ROOT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
FILES = {"": "400Regular/NotoSansSC_400Regular.ttf", "B": "700Bold/NotoSansSC_700Bold.ttf"}


class FontMissing(RegistryError):
    """The font is not installed: certificates wait, nothing else does."""


def font_files(folder: Path = FOLDER) -> dict[str, Path]:
    """Return the font's file by style; raises FontMissing with what to do."""
    found = {style: folder / name for style, name in FILES.items()}
    for path in found.values():
        if not path.is_file():
            raise FontMissing(
                "证书所用的中文字体尚未安装，暂时不能生成证书。请运维人员执行 make setup。",
                "The Chinese font of certificates is not installed, so none can be printed now."
                f" The operator runs `make setup`; expected: {path.parent.name}/{path.name}.",
            )
    return found
