"""Places of publication as codes: MARC countries for 008/15–17, Chinese divisions for CNMARC 102 $b.

Sources: MARC Code List for Countries; GB/T 2260 (codes of administrative divisions).  A place that is not
in the table has no code: it is never guessed from a publisher's name.
"""

from __future__ import annotations

from marc import text

_COUNTRIES = {
    "New York": "nyu", "New York, N.Y": "nyu", "Garden City": "nyu", "Ithaca": "nyu", "Boston": "mau",
    "Cambridge, Massachusetts": "mau", "Cambridge, Mass": "mau", "Reading, Massachusetts": "mau",
    "Chicago": "ilu", "San Francisco": "cau", "Berkeley": "cau", "Los Angeles": "cau", "Stanford": "cau",
    "Sebastopol": "cau", "Philadelphia": "pau", "Princeton": "nju", "Hoboken": "nju", "New Haven": "ctu",
    "Baltimore": "mdu", "Washington, D.C": "dcu", "Washington, DC": "dcu", "Minneapolis": "mnu",
    "Minneapolis, Minnesota": "mnu", "Indianapolis": "inu", "Bloomington": "inu", "Durham": "ncu",
    "Chapel Hill": "ncu", "Austin": "txu", "Seattle": "wau", "Portland, Oregon": "oru", "Ann Arbor": "miu",
    "London": "enk", "Oxford": "enk", "Cambridge": "enk", "Harmondsworth": "enk", "Manchester": "enk",
    "Edinburgh": "stk", "Dublin": "ie", "Paris": "fr", "Berlin": "gw", "München": "gw", "Munich": "gw",
    "Frankfurt am Main": "gw", "Leipzig": "gw", "Hamburg": "gw", "Stuttgart": "gw", "Wien": "au",
    "Zürich": "sz", "Zurich": "sz", "Amsterdam": "ne", "Leiden": "ne", "Milano": "it", "Roma": "it",
    "Torino": "it", "Madrid": "sp", "Barcelona": "sp", "Lisboa": "po", "Toronto": "onc", "Ottawa": "onc",
    "Montréal": "quc", "Vancouver": "bcc", "Sydney": "xna", "Melbourne": "vra", "New Delhi": "ii",
    "Tokyo": "ja", "東京": "ja", "Seoul": "ko", "Singapore": "si", "Hong Kong": "cc", "香港": "cc",
    "Taibei": "ch", "Taipei": "ch", "台北": "ch", "臺北": "ch",
}  # fmt: skip
_DIVISIONS = {
    "北京": "110000", "天津": "120000", "石家庄": "130000", "太原": "140000", "呼和浩特": "150000",
    "沈阳": "210000", "大连": "210000", "长春": "220000", "哈尔滨": "230000", "上海": "310000",
    "南京": "320000", "苏州": "320000", "杭州": "330000", "合肥": "340000", "福州": "350000",
    "厦门": "350000", "南昌": "360000", "济南": "370000", "青岛": "370000", "郑州": "410000",
    "武汉": "420000", "长沙": "430000", "广州": "440000", "深圳": "440000", "南宁": "450000",
    "桂林": "450000", "海口": "460000", "重庆": "500000", "成都": "510000", "贵阳": "520000",
    "昆明": "530000", "拉萨": "540000", "西安": "610000", "兰州": "620000", "西宁": "630000",
    "银川": "640000", "乌鲁木齐": "650000", "台北": "710000", "香港": "810000", "澳门": "820000",
}  # fmt: skip
_BY_NAME = {text.fold(name): code for name, code in _COUNTRIES.items()}


def country_code(place: str) -> str:
    """The MARC country code in three characters, or ``|||`` when the place is not in the table."""
    if division(place):
        return "cc "
    return _BY_NAME.get(text.fold(place), "|||").ljust(3)


def division(place: str) -> str:
    """The six-digit code of the Chinese division that the place belongs to, or ``""``."""
    return _DIVISIONS.get(text.tight(place).removesuffix("市"), "")
