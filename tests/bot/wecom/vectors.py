"""Published samples (not live credentials), and three of our own where none is published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vector:
    """One sealed message; without a signature it shows encryption alone."""

    name: str
    key: str
    receiver: str
    sealed: str
    random: bytes
    plain: str
    token: str = ""
    timestamp: str = ""
    nonce: str = ""
    signature: str = ""


A = Vector(
    name="A",
    key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    receiver="wx5823bf96d3bd56c7",
    sealed=(
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    ),
    random=b"c41b64491c2468d0",
    plain="1616140317555161061",
    token="QDG6eK",
    timestamp="1409659589",
    nonce="263014780",
    signature="5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
)
B = Vector(
    name="B",
    key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    receiver="wx5823bf96d3bd56c7",
    sealed=(
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHH"
        "hGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4a"
        "SknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP"
        "7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8"
        "V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p"
        "8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    ),
    random=b"0960688932c47ef1",
    plain=(
        "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
        "<FromUserName><![CDATA[mycreate]]></FromUserName>\n"
        "<CreateTime>1409659813</CreateTime>\n"
        "<MsgType><![CDATA[text]]></MsgType>\n"
        "<Content><![CDATA[hello]]></Content>\n"
        "<MsgId>4561255354251345929</MsgId>\n"
        "<AgentID>218</AgentID>\n"
        "</xml>"
    ),
    token="QDG6eK",
    timestamp="1409659813",
    nonce="1372623149",
    signature="477715d11cdb4164915debcba66cb864d751f3e6",
)
D = Vector(
    name="D",
    key="6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt",
    receiver="ww1436e0e65a779aee",
    sealed=(
        "fsi1xnbH4yQh0+PJxcOdhhK6TDXkjMyhEPA7xB2TGz6b+g7xyAbEkRxN/3cNXW9qdqjnoVzEtpbhnFyq6SVHyA=="
    ),
    random=b"8908d0ff052afda0",
    plain="1288432023552776189",
    token="hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo",
    timestamp="1476416373",
    nonce="47744683",
    signature="012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb",
)
F = Vector(
    name="F",
    key="4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
    receiver="ww6a112864f8022910",
    sealed=(
        "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w=="
    ),
    random=b"5QMsYcwjR95t2vmC",
    plain="94966531020182955848408",
    token="kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
    timestamp="1583940690",
    nonce="VHh7ymSeb0jc4lSb",
    signature="1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
)
I_ = Vector(
    name="I_",
    key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
    receiver="wx49f0ab532d5d035a",
    sealed=(
        "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    ),
    random=b"2304fc2fe146f1f8",
    plain="5927782489442352469",
    token="123456",
    timestamp="1411443780",
    nonce="437374425",
    signature="dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
)
K = Vector(
    name="K",
    key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
    receiver="wx49f0ab532d5d035a",
    sealed=(
        "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrlu"
        "LBYqxgNcBqGsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkM"
        "KCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnw"
        "KKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vW"
        "wi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3"
    ),
    random=b"1234567890123456",
    plain=(
        "<xml>\n"
        "<MsgType><![CDATA[text]]></MsgType>\n"
        "<Content><![CDATA[test]]></Content>\n"
        "<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n"
        "<ToUserName><![CDATA[messense]]></ToUserName>\n"
        "<AgentID>1</AgentID>\n"
        "<CreateTime>1411525903</CreateTime>\n"
        "</xml>"
    ),
    token="123456",
    timestamp="1411525903",
    nonce="461056294",
    signature="407518b7649e86ef23978113f92d27afa9296533",
)
L = Vector(
    name="L",
    key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    receiver="wxb11529c136998cb6",
    sealed=(
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    ),
    random=b"aaaabbbbccccdddd",
    plain="我是中文abcd123",
)
G1 = Vector(
    name="G1",
    key="8HlrwYMfvea9lkxwkkMxzwwM5hpA6eEfujfoRnxa6wH",
    receiver="",
    sealed=(
        "1OY7+dzYfwD1b51OI0S0xnY90+lZw/lrj6RmquWUuq1v884fktRkXIAK3v9GAulRQZPc/ZJjQkseJqJx"
        "DqxBCllQj4xUHGgmOiMA6lmdGEumIKKwgi77qHNVFBgTgQsSvPO6hwOpyIIfpF6Dewlwd76prfuO5etl"
        "KTeLOBp088nf3aQrOIwJipmiHO2WCVm+lykMFRPrOgWQImO2oFv81O0cFC18AEXCluRoZz4mJc7V+n0K"
        "aQ2DX5wjVDUST5BOlLxary3MWeed/V+jrDEFMdfF70xqVHaXXWi4xMFHI4Jge6c77+ocGpNqGgvnotAM"
        "uphsqewCjUv+mZ01W+A7zw=="
    ),
    random=b"h2QFLVxZXSezhDvt",
    plain=(
        '{"msgid":"MSGID-1","aibotid":"AIB-1","chattype":"single","from":{"userid":"zhang'
        'san"},"response_url":"https://qyapi.weixin.qq.com/cgi-bin/aibot/response?respons'
        'e_code=RC1","msgtype":"voice","voice":{"content":"新建客户 张三"}}'
    ),
    token="RefBotToken2026",
    timestamp="1767225600",
    nonce="n0nce-ref-1",
    signature="21fc947278d35506689d571bb1f1260bfcbbbe0f",
)
G2 = Vector(
    name="G2",
    key="8HlrwYMfvea9lkxwkkMxzwwM5hpA6eEfujfoRnxa6wH",
    receiver="wwref0000000000001",
    sealed=(
        "igQ2NArMQXZFIoTsnvGyXqUVcVwW5yZObKJE2z7F32C6ajgnFr45NcC/gynUga77VQLN3comRkEB+n2x"
        "Fqaq1643AOE6LDCemIipreJiyve7J15SLvbTpln5cs1ssBH0"
    ),
    random=b"2gl8t7mqaKzxEZUt",
    plain="xxxxxxxxxxxxxxxxxxxxxxxxxx",
    token="RefAppToken2026",
    timestamp="1767225601",
    nonce="n0nce-ref-2",
    signature="386f42d2f90978fec676a361e3b0ccd0a7b15b00",
)

ALL = (A, B, D, F, I_, K, L, G1, G2)
SIGNED = tuple(vector for vector in ALL if vector.signature)
ECHOES = (A, D, F, I_)

# G3: a file of an AI bot, with no header and no receiver
MEDIA_SEALED = "wesHg9ulYwQllQQCZvCv9whsFj4nQg2UZ91491OGoWo="
MEDIA_PLAIN = "iVBORw0KGgpXRUNPTS1SRUY="
