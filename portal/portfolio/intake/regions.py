"""Regions as files name them: ISO 3166-2, or the name of a Chinese province or city. Pure.

Provinces by ISO 3166-2:CN; cities are the prefecture-level units of the Ministry of Civil Affairs' list. Taiwan,
Hong Kong and Macao have country codes of their own in ISO 3166-1 and are given by them, since their identity numbers,
telephone plans and time zones are their own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from portal.foundation.values import plain

__all__ = ["country_of", "parse_region"]

_ISO: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_SPECIAL: Final = {"CN-TW": "TW", "CN-HK": "HK", "CN-MO": "MO"}

_PROVINCES: Final = {
    "BJ": ("北京", ""),
    "TJ": ("天津", ""),
    "SH": ("上海", ""),
    "CQ": ("重庆", ""),
    "HE": ("河北", "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安"),
    "SX": ("山西", "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁"),
    "NM": (
        "内蒙古",
        "呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安 锡林郭勒 阿拉善",
    ),
    "LN": ("辽宁", "沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛"),
    "JL": ("吉林", "长春 四平 辽源 通化 白山 松原 白城 延边"),
    "HL": (
        "黑龙江",
        "哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭",
    ),
    "JS": ("江苏", "南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁"),
    "ZJ": ("浙江", "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水"),
    "AH": ("安徽", "合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城"),
    "FJ": ("福建", "福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德"),
    "JX": ("江西", "南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶"),
    "SD": ("山东", "济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽"),
    "HA": (
        "河南",
        "郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源",
    ),
    "HB": ("湖北", "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 潜江 天门 神农架"),
    "HN": ("湖南", "长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西"),
    "GD": (
        "广东",
        "广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮",
    ),
    "GX": ("广西", "南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左"),
    "HI": ("海南", "海口 三亚 三沙 儋州"),
    "SC": (
        "四川",
        "成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山",
    ),
    "GZ": ("贵州", "贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南"),
    "YN": (
        "云南",
        "昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆",
    ),
    "XZ": ("西藏", "拉萨 日喀则 昌都 林芝 山南 那曲 阿里"),
    "SN": ("陕西", "西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛"),
    "GS": ("甘肃", "兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南"),
    "QH": ("青海", "西宁 海东 海北 黄南 海南藏族 果洛 玉树 海西"),
    "NX": ("宁夏", "银川 石嘴山 吴忠 固原 中卫"),
    "XJ": (
        "新疆",
        "乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什 和田 伊犁 塔城 阿勒泰 石河子",
    ),
}
_ELSEWHERE: Final = {
    "中国": "CN",
    "台湾": "TW",
    "臺灣": "TW",
    "台北": "TW-TPE",
    "臺北": "TW-TPE",
    "新北": "TW-NWT",
    "桃园": "TW-TAO",
    "台中": "TW-TXG",
    "臺中": "TW-TXG",
    "台南": "TW-TNN",
    "臺南": "TW-TNN",
    "高雄": "TW-KHH",
    "香港": "HK",
    "澳门": "MO",
}
_BY_NAME: Final = {
    name: f"CN-{code}" for code, (province, cities) in _PROVINCES.items() for name in (province, *cities.split())
} | _ELSEWHERE
_CODES: Final = frozenset(f"CN-{code}" for code in _PROVINCES)
_SUFFIX: Final = re.compile(
    r"(特别行政区|特別行政區|维吾尔自治区|壮族自治区|回族自治区|自治区|[^省市]{0,12}自治州|省|市|地区|盟|縣|县)\Z"
)
_LONGEST_NAME: Final = max(map(len, _BY_NAME))


@lru_cache(maxsize=4096)
def parse_region(text: str) -> str:
    """ISO 3166-2 (or the bare country) of a code or Chinese name; 上海市 is CN-SH, 广东省深圳市 CN-GD. ValueError."""
    written = plain(text)
    code = written.upper()
    if _ISO.fullmatch(code):
        code = _SPECIAL.get(code, code)
        if code.startswith("CN-") and code not in _CODES:
            raise ValueError("not a Chinese province")
        return code
    name = _SUFFIX.sub("", written)
    for known in (written, name):
        if known in _BY_NAME:
            return _BY_NAME[known]
    # A province with its city behind it: the province decides.
    for length in range(min(len(written) - 1, _LONGEST_NAME), 1, -1):
        if written[:length] in _BY_NAME and _SUFFIX.search(written):
            return _BY_NAME[written[:length]]
    raise ValueError("not a region")


def country_of(region: str) -> str:
    """The ISO 3166-1 country of a region, empty if the region is."""
    return region[:2]
