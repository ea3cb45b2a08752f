"""Files through the desk's storage beside plain boto3 on the same local S3.

    python benchmarks/files.py [rounds]

For each size: the median of a round in milliseconds, one after the other, the ways taking turns.
The desk's ways do more than move bytes, which the names say: look (type, digest, scanner) and ask
whether the object is there before they hand out a link.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django
import urllib3
from django.core.files.base import ContentFile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.local_aws import REGION, SECRET, started  # noqa: E402 - found by the line above

SIZES = {"10 kB": 10_000, "1 MB": 1_000_000, "20 MB": 20_000_000}
LIMIT = 1 << 30
Way = Callable[[bytes], object]


def ways(bucket: str) -> dict[str, Way]:
    from apps.kernel import aws, uploads
    from apps.kernel.storage import Showing, store

    client, pool = aws.client("s3"), urllib3.PoolManager()
    showing = Showing(name="a.bin", content_type="image/png", is_inline=True)

    def put(content: bytes) -> None:
        client.put_object(Bucket=bucket, Key="plain", Body=content)

    def get(_content: bytes) -> None:
        client.get_object(Bucket=bucket, Key="plain")["Body"].read()

    def keep(content: bytes) -> None:
        uploads.keep(ContentFile(content, name="a.bin"), folder="attachments", limit=LIMIT)

    def post(content: bytes, key: str = "arriving/x") -> None:
        grant = store().grant(key, size=len(content))
        assert grant is not None
        fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]]
        fields = {**grant.fields, "file": ("a.bin", content)}
        assert pool.request("POST", grant.url, fields=fields).status == 204

    def settle(_content: bytes) -> None:
        with store().arrived("arriving/x") as arrived:
            uploads.settle(arrived, name="a.bin", folder="attachments", limit=LIMIT)

    def link(_content: bytes) -> None:
        assert store().serve("plain", showing).status_code == 302

    def follow(_content: bytes) -> None:
        assert pool.request("GET", store().serve("plain", showing)["Location"]).status == 200

    return {
        "boto3 put": put,
        "desk: look, save": keep,
        "desk: grant, browser's POST": post,
        "desk: fetch, look, copy (confirm)": settle,
        "boto3 get": get,
        "desk: is it there, sign": link,
        "desk: is it there, sign, browser's GET": follow,
    }


def measure(rounds: int, bucket: str) -> None:
    table: dict[str, dict[str, float]] = {}
    for size, count in SIZES.items():
        content = os.urandom(count)
        found = ways(bucket)
        taken: dict[str, list[float]] = {name: [] for name in found}
        for number in range(rounds + 1):  # the first one warms up
            for name, way in found.items():
                began = time.perf_counter()
                way(content)
                if number:
                    taken[name].append((time.perf_counter() - began) * 1000)
        table[size] = {name: statistics.median(times) for name, times in taken.items()}
    print("| way | " + " | ".join(SIZES) + " |\n|---|" + "---|" * len(SIZES))
    for name in table["10 kB"]:
        print(f"| {name} | " + " | ".join(f"{table[size][name]:.1f}" for size in SIZES) + " |")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    folder, bucket = Path(tempfile.mkdtemp()), "bench-files"
    with started(folder) as url:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "VAR_DIR": str(folder / "var"),
            "FILES_URL": f"s3://{bucket}",
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "100000000001",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        django.setup()
        from apps.kernel import aws

        place = {"LocationConstraint": REGION}
        aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        measure(rounds, bucket)


if __name__ == "__main__":
    main()
