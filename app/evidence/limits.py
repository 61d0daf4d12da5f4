"""What a signature that stands does not prove; said with every judgement.

The guide for auditors explains each.
"""

from app.evidence.reasons import Text

NOT_PROVEN: tuple[Text, ...] = (
    Text(
        "登记系统是否执行了这项决定：那要看登记簿及其核验。",
        "That the registry carried the decision out: for that see the ledger and its own check.",
    ),
    Text(
        "有效时段之内的确切时刻：时段由系统给出、签名时间由签名人的计算机给出，没有第三方时间戳。",
        "The exact moment: the registry set the window and the signer's machine the signing time; "
        "there is no time stamp by a third party.",
    ),
    Text(
        "签名人的屏幕如实显示了文件内容，或签名人读懂了它。",
        "That the signer's screen showed the truth, or that it was understood.",
    ),
    Text(
        "持有密钥并知道口令的确是本人，且未受胁迫。",
        "That it was the person themselves who held the key and knew its PIN, and that nobody "
        "forced them.",
    ),
    Text(
        "人员编号散列对应哪一位自然人：那要由登记系统说明，证书只写明会员编号。",
        "Which natural person the salted hash stands for: that the registry must say; the "
        "certificate names a member number.",
    ),
    Text(
        "表单与申请内容本身：文件只含其散列值，须与登记系统的内容比对。",
        "The form and the application's content themselves: the document holds their hashes, to be "
        "compared with what the registry shows.",
    ),
    Text(
        "吊销列表是否完整、是否最新：签发机构之后可能倒签吊销；可用 --crl 提供较新的列表。",
        "That the lists were complete and the newest: an authority may revoke backwards later; "
        "give newer lists with --crl.",
    ),
    Text(
        "同一文件没有另一个签名：任何人都可以把 ECDSA 签名（包括证书和吊销列表上的签名）"
        "改写成另一个同样有效的形式（r, n-s），因此签名字节不能当作编号使用；"
        "编号是文件中的随机数。",
        "That there is no other signature of the same document: anybody can turn an ECDSA "
        "signature, also one on a certificate or list, into its twin (r, n-s), which is as right. "
        "Its bytes are no identity; the document's nonce is.",
    ),
)
