from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.publish import MANIFEST, publish


class Command(BaseCommand):
    help = (
        "Send what collectstatic made to the bucket of ASSETS_URL, before a deploy: what is there"
        " already is skipped, and older files stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only-add",
            action="store_true",
            help="what is missing, and write over nothing: as an instance does before it serves",
        )

    def handle(self, *, verbosity: int = 1, only_add: bool = False, **_options: Any) -> None:
        if only_add and (settings.ASSETS_BUCKET is None or settings.ROLE == "worker"):
            self.stdout.write("no static files to send: no bucket, or no pages")
            return
        if settings.ASSETS_BUCKET is None:
            raise CommandError("ASSETS_URL is not set: write s3://bucket or s3://bucket/prefix")
        root = Path(settings.STATIC_ROOT)
        if not (root / MANIFEST).exists():
            raise CommandError("there is nothing to send: run collectstatic first")
        bucket, folder = settings.ASSETS_BUCKET
        # Where the network asks for it: under the folder, by the path of the page's address.
        prefix = f"{folder}{settings.STATIC_URL}".strip("/")

        def tell(key: str) -> None:
            if verbosity > 1:
                self.stdout.write(key)

        try:
            sent = publish(root, bucket=bucket, prefix=prefix, tell=tell, only_add=only_add)
        except (BotoCoreError, ClientError, Boto3Error) as error:
            raise CommandError(f"{settings.ASSETS_URL}: {error}") from error
        self.stdout.write(f"{sent} files sent")
