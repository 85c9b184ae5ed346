"""Agreement with the vendor's SDK, which costs seconds to import: in this module alone."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import pytest

from bot.feishu import crypto
from tests.bot.feishu.seal import encrypted


@cache
def decryptor() -> Any:
    with warnings.catch_warnings():
        # its vendored websockets and protobuf use what newer releases deprecate
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        from lark_oapi.core.utils.decryptor import AESCipher
    return AESCipher


@pytest.mark.parametrize("key", ["ek-123", "test key", "密钥"])
@pytest.mark.parametrize("text", ["{}", '{"文":"本"}', "0123456789abcdef", "x" * 999])
def test_we_open_what_the_sdk_opens(key: str, text: str) -> None:
    sealed = encrypted(text.encode(), key)
    theirs = decryptor()(key).decrypt_str(sealed)
    assert crypto.decrypted(key, sealed).decode() == theirs == text
