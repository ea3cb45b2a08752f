"""Pictures of articles: what is taken, how it is served, how it goes."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.events import relay
from apps.kernel.errors import ForbiddenError
from apps.kernel.uploads import FileRefusedError
from apps.knowledge import actions, pictures, tasks
from apps.knowledge.errors import ImageRefusedError, StateRefusedError
from apps.knowledge.models import ArticleImage
from tests.cast import Cast
from tests.knowledge.shelf import drafted, kept, out, pictured, png
from tests.support import NOON
from tests.tickets.test_files import HTML, SVG

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.svg", SVG),
        ("really-svg.png", SVG),
        ("really-html.png", HTML),
        ("polyglot.gif", b"GIF89a/*" + HTML),
        ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
        ("notes.png", b"plain words"),
    ],
)
def test_what_is_no_raster_is_refused_and_leaves_no_file(
    cast: Cast, name: str, content: bytes
) -> None:
    article, alice = drafted(cast), cast.actor(cast.alice)

    with (
        pytest.raises(ImageRefusedError),
        pictures.stored(SimpleUploadedFile(name, content)) as stored,
    ):
        actions.add_image(article=article, stored=stored, actor=alice, now=NOON)

    assert not ArticleImage.objects.exists()
    assert not default_storage.exists(stored.key)


def test_what_is_too_large_is_refused() -> None:
    with (
        pytest.raises(FileRefusedError, match="5 MB"),
        pictures.stored(SimpleUploadedFile("x.png", png() + b"\0" * pictures.LIMIT)),
    ):
        pass


def test_is_for_those_who_write(cast: Cast) -> None:
    with pytest.raises(ForbiddenError):
        actions.add_image(article=out(cast), stored=kept(), actor=cast.actor(cast.rachel), now=NOON)


def test_is_served_so_that_nothing_in_it_runs(cast: Cast) -> None:
    out(cast, text="![A](image:{ref})")
    answer = Client().get(f"/help/images/{ArticleImage.objects.get().ref}/")

    assert b"".join(answer.streaming_content) == png()  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "public, max-age=3600"


def test_only_public_ones_are_kept_by_caches(cast: Cast) -> None:
    out(cast, text="![A](image:{ref})", audience="internal")
    client = Client()
    client.force_login(cast.alice)

    answer = client.get(f"/help/images/{ArticleImage.objects.get().ref}/")

    answer.close()
    assert answer["Cache-Control"] == "private, no-store"


def test_one_articles_pictures_are_not_shown_by_another(cast: Cast) -> None:
    drafted(cast, text="![A](image:{ref})")
    ref = ArticleImage.objects.get().ref

    other = drafted(cast, "Another", f"![A](image:{ref})")

    assert other.current is not None
    assert "<img" not in other.current.html


def test_a_removed_one_is_gone_for_good_but_not_while_readers_see_it(cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    article = out(cast, text="![A](image:{ref})")
    shown, other = ArticleImage.objects.get(), pictured(cast, article)

    with pytest.raises(StateRefusedError):
        actions.remove_image(image=shown, actor=alice, now=NOON)
    actions.remove_image(image=other, actor=alice, now=NOON)
    for claim in relay.claim_due(now=timezone.now()):
        assert relay.deliver(claim)

    assert list(ArticleImage.objects.all()) == [shown]
    assert default_storage.exists(shown.key)
    assert not default_storage.exists(other.key)


def test_files_that_no_article_names_go_after_a_day(cast: Cast) -> None:
    image, orphan, young = pictured(cast, drafted(cast)), kept(), kept()
    long_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for key in (image.key, orphan.key):
        os.utime(default_storage.path(key), (long_ago, long_ago))

    tasks.discard_orphans()

    left = [default_storage.exists(key) for key in (image.key, orphan.key, young.key)]
    assert left == [True, False, True]
