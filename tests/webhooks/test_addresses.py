from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks.addresses import AddressRefusedError, is_public, read

PRIVATE = [
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]
inside = st.sampled_from(PRIVATE).flatmap(lambda net: st.ip_addresses(network=net))


@given(inside)
def test_no_private_address_is_public(address: ipaddress.IPv4Address) -> None:
    assert not is_public(str(address))


@given(inside)
def test_nor_inside_an_address_of_version_six(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix, shift in (
        ("::ffff:0:0", 0),  # mapped
        ("::", 0),  # compatible
        ("64:ff9b::", 0),  # NAT64
        ("64:ff9b:1::", 0),
        ("2002::", 80),  # 6to4
        ("2001::", 0),  # Teredo
    ):
        spelt = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | number << shift)
        assert not is_public(str(spelt)), spelt


@given(st.ip_addresses(v=6))
def test_of_version_six_only_what_is_given_out_is(address: ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert address in ipaddress.IPv6Network("2000::/3")


@pytest.mark.parametrize(
    "address",
    ["::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
     "2001:db8::1", "3fff::1", "169.254.169.254", "255.255.255.255", "not an address", ""],
)  # fmt: skip
def test_nor_is_any_of_these(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_others_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "https://",
        "https://user:secret@example.com/",
        "https://@example.com/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/\x00",
        "https://example.com/grüße",
        "https://example.com/" + "x" * 500,
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        read(url)


def test_an_address_is_taken_apart() -> None:
    target = read("https://Hooks.example.com:8443/a/b?c=d#e")

    assert (target.host, target.port, target.path) == ("hooks.example.com", 8443, "/a/b?c=d")
    assert read("https://example.com").path == "/"
    assert read("https://example.com").port == 443


def test_hosts_on_the_list_may_be_asked_in_the_clear() -> None:
    target = read("http://127.0.0.1:8100/x", trusted={"127.0.0.1"})

    assert (target.is_trusted, target.port) == (True, 8100)
    with pytest.raises(AddressRefusedError):
        read("http://127.0.0.2/", trusted={"127.0.0.1"})


@given(st.text(max_size=60))
def test_whatever_somebody_writes_is_read_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            target = read(url)
        except AddressRefusedError:
            continue
        assert target.scheme == "https"
        assert not set("\r\n \x00") & set(target.host + target.path)
