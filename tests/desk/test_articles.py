"""A solved ticket becomes an article's draft, without who asked."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.desk.articles import GONE, Said, propose
from apps.knowledge import actions as knowledge
from apps.knowledge.models import Article
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.knowledge.shelf import out
from tests.support import NOON
from tests.tickets.desk import LATER, raised, status

QUESTION = Said(
    id=1,
    text="Hi Larkmere,\n\nMy card ending 1234 is gone. I am Nadia Rahman, write to\n"
    "nadia.rahman@example.net or call +44 20 7946 0958.\n\nMany thanks,\nNadia",
    is_markdown=True,
)
ANSWER = Said(
    id=2,
    text="Dear Nadia,\n\nI am sorry, Nadia. Freeze it under **Cards → Freeze**; a new one costs £5."
    "\n\nKind regards,\nTom, Larkmere Bank",
    is_markdown=True,
)
PEOPLE = {"Nadia Rahman", "Tom Ashworth"}


def test_the_question_is_quoted_and_the_answer_follows() -> None:
    made = propose("Card gone", QUESTION, [ANSWER], people=PEOPLE)

    quoted, _, answer = made.source.partition("\n\n")
    assert made.title == "Card gone"
    assert all(line.startswith(">") for line in quoted.splitlines())
    assert answer == f"I am sorry, {GONE}. Freeze it under **Cards → Freeze**; a new one costs £5."


def test_nothing_tells_who_asked() -> None:
    made = propose("Nadia's card", QUESTION, [ANSWER], people=PEOPLE)

    for trace in ("Nadia", "Rahman", "Tom", "@", "7946", "Kind regards", "Many thanks", "Dear"):
        assert trace not in made.source + made.title


@pytest.mark.parametrize(
    "figure",
    [
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "GB29NWBK60161331926819",
        "020 7946 0958",
        "SW1A 1AA",
        "LM-5520-1183",
        "someone+tag@mail.example.co.uk",
    ],
)
def test_personal_figures_are_taken_out(figure: str) -> None:
    made = propose("S", Said(id=1, text=f"It is {figure} here.", is_markdown=True), [], people=())

    assert figure not in made.source
    assert GONE in made.source


@pytest.mark.parametrize(
    "text", ["It costs £1,000 a month.", "Within 5 to 7 working days.", "On 24 December 2026."]
)
def test_plain_figures_stay(text: str) -> None:
    made = propose("S", Said(id=1, text=text, is_markdown=True), [], people=())

    assert made.source == f"> {text}"


def test_a_name_that_is_a_word_too_goes_only_where_it_is_a_name() -> None:
    said = Said(id=1, text="Grace said: by the grace of will.", is_markdown=True)

    made = propose("S", said, [], people={"Grace Will"}, others={"Harbour Lane"})

    assert made.source == f"> {GONE} said: by the grace of will."


def test_plain_text_is_no_markdown() -> None:
    said = Said(id=1, text="# not *a* heading", is_markdown=False)

    assert propose("S", said, [], people=()).source == "> \\# not \\*a\\* heading"


@pytest.mark.django_db
class TestPage:
    def solved(self, cast: Cast) -> Ticket:
        alice = cast.actor(cast.alice)
        ticket = raised(cast, subject="Where is my card?", text="Hello,\n\nWhere is it? Rachel")
        actions.reply(ticket=ticket, text="One moment.", actor=alice, now=LATER)
        actions.note(ticket=ticket, text="A secret note.", actor=alice, now=LATER)
        text = "Hi Rachel,\n\nIt is in the app under Delivery.\n\nBest wishes,\nAlice"
        actions.reply(ticket=ticket, text=text, actor=alice, now=LATER)
        resolved = status("resolved")
        return actions.change_status(ticket=ticket, status=resolved, actor=alice, now=LATER)

    def url(self, ticket: Ticket) -> str:
        return f"/admin/tickets/ticket/{ticket.pk}/article/"

    def as_alice(self, cast: Cast) -> Client:
        client = Client()
        client.force_login(cast.alice)
        return client

    def test_proposes_the_question_and_the_fullest_answer(self, cast: Cast) -> None:
        answer = self.as_alice(cast).get(self.url(self.solved(cast)))

        form = answer.context["form"]
        assert form["title"].value() == "Where is my card?"
        assert form["source"].value() == (
            f"> Where is it? {GONE}\n\nIt is in the app under Delivery."
        )
        assert "secret" not in form["source"].value()

    def test_takes_over_the_answers_that_were_ticked(self, cast: Cast) -> None:
        ticket, client = self.solved(cast), self.as_alice(cast)
        short, _full = client.get(self.url(ticket)).context["answers"]

        answer = client.get(self.url(ticket), {"answers": [short[0].id]})

        assert answer.context["form"]["source"].value().endswith("One moment.")

    def test_makes_a_draft_that_knows_its_ticket(self, cast: Cast) -> None:
        ticket, client = self.solved(cast), self.as_alice(cast)
        said = {"title": "Where is it?", "source": "In the app.", "audience": "public"}

        answer = client.post(self.url(ticket), {**said, "language": "en"})

        article = Article.objects.get()
        assert answer["Location"] == f"/admin/knowledge/article/{article.pk}/change/"
        assert (article.state, article.origin) == ("draft", f"ticket:{ticket.pk}")
        assert f"#{ticket.pk}</a>" in client.get(answer["Location"]).content.decode()

    def test_links_an_article_that_is_there_already(self, cast: Cast) -> None:
        ticket, client, article = self.solved(cast), self.as_alice(cast), out(cast)

        found = client.get(self.url(ticket), {"find": "card lost"})
        assert list(found.context["found"]) == [article]
        assert client.post(self.url(ticket), {"link": article.pk}).status_code == 302

        assert list(Article.objects.linked_to(f"ticket:{ticket.pk}")) == [article]
        knowledge.unlink(
            article=article, target=f"ticket:{ticket.pk}", actor=cast.actor(cast.alice), now=NOON
        )

    def test_stand_beside_their_ticket(self, cast: Cast) -> None:
        ticket, client, article = self.solved(cast), self.as_alice(cast), out(cast)
        other = raised(cast)
        knowledge.link(
            article=article, target=f"ticket:{ticket.pk}", actor=cast.actor(cast.alice), now=NOON
        )
        said = {"title": "In the app", "source": "There.", "audience": "public", "language": "en"}
        client.post(self.url(ticket), said)
        draft = Article.objects.latest("pk")

        page = client.get(f"/admin/tickets/ticket/{ticket.pk}/change/").content.decode()
        beside_other = client.get(f"/admin/tickets/ticket/{other.pk}/change/").content.decode()

        assert f'<a href="/help/articles/{article.slug}/"><bdi>{article.title}</bdi></a>' in page
        assert f'<a href="/admin/knowledge/article/{draft.pk}/change/"><bdi>In the app' in page
        assert 'data-card="articles"' not in beside_other

    def test_an_article_that_is_not_there_is_not_linked(self, cast: Cast) -> None:
        client, url = self.as_alice(cast), self.url(self.solved(cast))

        for odd in ("987654", "x", ""):
            assert client.post(url, {"link": odd}).status_code in {302, 404}
        assert not Article.objects.exists()
