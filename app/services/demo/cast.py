"""Who plays in the demo: invented holders with their accounts and people, one sign-in a role."""

from dataclasses import dataclass

from app.domain.credit_code import check_character
from app.services.opening import Opening, PersonOpening


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person that `make run` names, one of each role."""

    role: str
    member_no: str


def _person(member_no: str, name: str, name_en: str, rights: str = "both") -> PersonOpening:
    """Addresses that reach nobody: a reserved domain, and numbers that no operator gives out."""
    email, phone = f"{member_no}@example.com", f"100{member_no[-8:]}"
    return PersonOpening(name, name_en, rights, member_no, email, phone)


def _details(place: int, contact: str, address: str, industry: str = "other") -> dict[str, str]:
    """What an invented holder says of itself: addresses and numbers that reach nobody."""
    first = f"9133010{place % 10}MA1{place:06d}"
    return {
        "credit_code": first + check_character(first),
        "legal_representative": f"{contact[0]}建国",
        "registered_address": address,
        "industry": industry,
        "contact_person": contact,
        "contact_phone": f"0571-8800{place:04d}",
        "contact_email": f"office{place}@example.com",
        "bank_name": "示范银行示范支行",
        "bank_account": f"330100{place:010d}",
    }


INSTITUTIONS = (
    Opening(
        code="NATIONAL",
        name="国家主管部门",
        name_en="National authority",
        role="national_authority",
        accounts=(
            "national_total",
            "national_apportionment",
            "national_auction",
            "issuance_source",
            "reduction_pool",
        ),
        people=(
            _person("10000000001", "顾明远", "Gu Mingyuan"),
            _person("10000000002", "秦若兰", "Qin Ruolan"),
        ),
    ),
    Opening(
        code="REGISTRY",
        name="全国碳排放权注册登记机构",
        name_en="National registry institution",
        role="registry_operator",
        accounts=(
            "custody",
            "surrender",
            "ccer_offset",
            "voluntary_cancellation",
            "external_release",
            "government_cancellation",
        ),
        people=(
            _person("11000000001", "沈知行", "Shen Zhixing"),
            _person("11000000002", "陆嘉禾", "Lu Jiahe"),
        ),
    ),
    Opening(
        code="SYSTEM",
        name="登记系统运行维护",
        name_en="Registry operations",
        role="system_operator",
        accounts=("office",),
        people=(_person("12000000001", "何维", "He Wei"),),
    ),
    Opening(
        code="AUDIT",
        name="审计管理",
        name_en="Audit administration",
        role="auditor",
        accounts=("office",),
        people=(_person("13000000001", "严慎", "Yan Shen", "read"),),
    ),
    Opening(
        code="EXCHANGE",
        name="示范环境能源交易所",
        name_en="Model environment and energy exchange",
        role="exchange",
        accounts=("exchange_delivery",),
        people=(_person("14000000001", "方越", "Fang Yue"),),
    ),
    Opening(
        code="AUCTION",
        name="示范拍卖机构",
        name_en="Model auction body",
        role="auction_body",
        accounts=("auction_delivery",),
        people=(_person("15000000001", "钟平", "Zhong Ping"),),
    ),
    Opening(
        code="WIND",
        name="朔风风电项目公司",
        name_en="Shuofeng wind project company",
        role="project_owner",
        accounts=("project", "trading"),
        people=(_person("16000000001", "孟川", "Meng Chuan"),),
        details=_details(901, "孟川", "朔风市风场路 9 号"),
    ),
    Opening(
        code="GREENCO",
        name="绿源碳资产管理公司",
        name_en="Lvyuan carbon asset management",
        role="participant",
        accounts=("general", "trading"),
        people=(_person("17000000001", "苏禾", "Su He"),),
        details=_details(902, "苏禾", "示范市绿源大道 2 号"),
    ),
    Opening(
        code="PILOTCO",
        name="沪江热力有限公司",
        name_en="Hujiang Heating",
        role="participant",
        accounts=("general", "trading"),
        people=(_person("18000000001", "叶青", "Ye Qing"),),
    ),
    Opening(
        code="PILOT-31",
        name="上海试点主管部门（演示）",
        name_en="Authority of the Shanghai pilot (demo)",
        role="provincial_authority",
        accounts=("provincial_total",),
        people=(
            _person("31000000031", "唐宁", "Tang Ning"),
            _person("31000000032", "费晓", "Fei Xiao"),
        ),
    ),
    Opening(
        code="PROVINCE-33",
        name="示范省生态环境厅",
        name_en="Model province department of ecology and environment",
        role="provincial_authority",
        accounts=("provincial_total",),
        people=(
            _person("33000000012", "周敏", "Zhou Min"),
            _person("33000000013", "陈立", "Chen Li"),
        ),
    ),
    Opening(
        code="PROVINCE-53",
        name="云岭省生态环境厅",
        name_en="Yunling province department of ecology and environment",
        role="provincial_authority",
        accounts=("provincial_total",),
        people=(
            _person("53000000021", "高原", "Gao Yuan"),
            _person("53000000022", "白露", "Bai Lu"),
        ),
    ),
)

SIGN_INS = (
    SignIn("emitter", "21042300118"),
    SignIn("provincial_authority", "33000000012"),
    SignIn("national_authority", "10000000001"),
    SignIn("registry_operator", "11000000001"),
    SignIn("exchange", "14000000001"),
    SignIn("auction_body", "15000000001"),
    SignIn("project_owner", "16000000001"),
    SignIn("participant", "17000000001"),
    SignIn("auditor", "13000000001"),
    SignIn("system_operator", "12000000001"),
)
INDUSTRIES = {
    "DP": "steel", "BZ": "building_materials", "XH": "building_materials",
    "YL": "building_materials", "NY": "petrochemicals", "SY": "chemicals", "CL": "nonferrous",
}  # fmt: skip
TWO_PERSON = "YL"  # an emitter whose account asks for two people (G21)
PILOT_SIGN_INS = ("18000000001", "31000000031", "31000000032")
SECOND_SIGN_INS = ("33000000013", "21042300119", "53000000021", "21042300201", "10000000002",
    "21042300213", "21042300313", "11000000002",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Emitter:
    """An invented key emitter; quantities in whole tonnes.

    ``story`` says how far its surrender has come: unnoticed (no notice yet), none, draft,
    submitted, returned, resubmitted, approved, part (a part approved, a part pending).
    """

    code: str
    name: str
    name_en: str
    province: str
    allocation: int
    carried_over: int
    obligation: int
    story: str = "none"
    ccer: int = 0


# Tonnes that a participant holds in its general account.
CCER_BOUGHT = {"GREENCO": 6_000, "PILOTCO": 2_500}

EMITTERS = (
    Emitter(
        "QL",
        "青岚热电有限公司",
        "Qinglan Thermal Power",
        "PROVINCE-33",
        420_000,
        9_850,
        412_600,
        "part",
        22_000,
    ),
    Emitter(
        "DP",
        "东浦钢铁有限公司",
        "Dongpu Steel",
        "PROVINCE-33",
        1_204_800,
        0,
        1_180_300,
        "submitted",
    ),
    Emitter(
        "BL",
        "白鹭洲电力股份有限公司",
        "Bailuzhou Power",
        "PROVINCE-33",
        540_000,
        18_000,
        512_200,
        "submitted",
    ),
    Emitter(
        "YX",
        "云溪发电有限责任公司",
        "Yunxi Generation",
        "PROVINCE-33",
        219_900,
        0,
        211_050,
        "submitted",
    ),
    Emitter(
        "ZY", "紫云热电有限公司", "Ziyun Thermal", "PROVINCE-33", 270_000, 0, 263_100, "resubmitted"
    ),
    Emitter(
        "BZ", "北泽水泥有限公司", "Beize Cement", "PROVINCE-33", 101_000, 0, 98_730, "submitted"
    ),
    Emitter(
        "SQ", "石桥热力有限公司", "Shiqiao Heating", "PROVINCE-33", 70_200, 0, 67_300, "returned"
    ),
    Emitter(
        "NY",
        "南屿石化有限公司",
        "Nanyu Petrochemical",
        "PROVINCE-33",
        345_000,
        0,
        330_120,
        "submitted",
    ),
    Emitter(
        "LJ", "临江发电有限公司", "Linjiang Power", "PROVINCE-33", 260_000, 0, 245_980, "approved"
    ),
    Emitter(
        "SY", "松原化工有限公司", "Songyuan Chemical", "PROVINCE-33", 90_000, 0, 88_400, "draft"
    ),
    Emitter(
        "WH",
        "望海燃气发电有限公司",
        "Wanghai Gas Power",
        "PROVINCE-33",
        180_000,
        0,
        176_540,
        "submitted",
    ),
    Emitter(
        "XH", "星湖玻璃有限公司", "Xinghu Glass", "PROVINCE-33", 45_000, 0, 52_300, "unnoticed"
    ),
    Emitter(
        "CL",
        "苍岭铝业有限公司",
        "Cangling Aluminium",
        "PROVINCE-53",
        610_000,
        0,
        598_000,
        "submitted",
    ),
    Emitter("YL", "云岭水泥有限公司", "Yunling Cement", "PROVINCE-53", 130_000, 0, 121_400, "none"),
)


def emitter_opening(place: int, emitter: Emitter, province_id: int) -> Opening:
    """Return the opening of an emitter; the first has two people, the others one.

    One asks for two: who initiates, and who confirms (G21).
    """
    number = 21042300118 if place == 0 else 21042300200 + place
    two_person = emitter.code == TWO_PERSON
    rights = "initiate" if two_person else "both"
    people = [
        _person(
            str(number), f"{emitter.name[:2]}账户代表", f"{emitter.name_en} representative", rights
        )
    ]
    if two_person:
        people.append(
            _person(
                str(number + 100),
                f"{emitter.name[:2]}确认代表",
                f"{emitter.name_en} confirming representative",
                "confirm",
            )
        )
    if place == 0:
        people = [
            _person("21042300118", "张文博", "Zhang Wenbo"),
            _person("21042300119", "林晓", "Lin Xiao"),
        ]
    return Opening(
        code=f"91{emitter.province[-2:]}0100MA2{place:06d}X",
        name=emitter.name,
        name_en=emitter.name_en,
        role="emitter",
        accounts=("compliance", "trading"),
        people=tuple(people),
        province_id=province_id,
        two_person=two_person,
        details=_details(
            place,
            people[0].name,
            f"示范市{emitter.name[:2]}路 {place + 1} 号",
            INDUSTRIES.get(emitter.code, "power"),
        ),
    )
