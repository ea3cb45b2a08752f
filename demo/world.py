"""The demo's desk as rows: teams, categories, organisations and people, and their ids by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.models import Group

from apps.accounts import actions as accounts
from apps.accounts.models import Organisation, OrganisationDomain, Team, TeamMember, User
from apps.accounts.permissions import STAFF_ROLES, Role
from apps.kernel.actors import SYSTEM
from apps.tickets.models import Category, CategoryField, PriorityRule, Status, Tag
from demo.desk import Desk, Person
from demo.rows import Writer

LEVELS = {"high": 1, "medium": 2, "low": 3}


@dataclass(slots=True)
class World:
    """What the simulation looks up. Keys are those of demo/desk.toml; statuses go by slug."""

    desk: Desk
    people: dict[str, int] = field(default_factory=dict)
    organisation_of: dict[str, int | None] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    teams_of: dict[str, frozenset[int]] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)
    categories: dict[str, Category] = field(default_factory=dict)
    fields_of: dict[str, frozenset[str]] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    matrix: dict[tuple[int, int], int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)


def build(desk: Desk) -> World:
    """Store everything but the people. Run again, it finds what is there."""
    world = World(desk)
    world.statuses = {status.slug: status for status in Status.objects.all()}
    world.matrix = {(r.impact, r.urgency): r.priority for r in PriorityRule.objects.all()}
    for team in desk.teams.values():
        row, _ = Team.objects.get_or_create(name=team.name, defaults={"private": team.private})
        world.teams[team.key] = row.pk
    for position, category in enumerate(desk.categories.values()):
        _store_category(world, category.key, position)
    for tag in sorted({*desk.tags}):
        world.tags[tag] = Tag.objects.get_or_create(name=tag)[0].pk
    return world


def _store_category(world: World, key: str, position: int) -> None:
    category = world.desk.categories[key]
    row, created = Category.objects.get_or_create(
        slug=key,
        defaults={
            "name": category.name,
            "description": category.description,
            "parent": world.categories[category.parent] if category.parent else None,
            "team_id": world.teams[category.team],
            "impact": LEVELS[category.impact],
            "urgency": LEVELS[category.urgency],
            "position": position,
        },
    )
    world.categories[key] = row
    above = world.fields_of[category.parent] if category.parent else frozenset()
    world.fields_of[key] = above | {f.key for f in category.fields}
    if created:
        CategoryField.objects.bulk_create(
            CategoryField(
                category=row,
                key=f.key,
                label=f.label,
                help_text=f.help_text,
                kind=f.kind,
                required=f.required,
                options=list(f.options),
                position=place,
            )
            for place, f in enumerate(category.fields)
        )


def bring_in(world: World, people: Iterable[Person], writer: Writer, *, since: datetime) -> None:
    """Store people as sign-up and an administrator would have: verified, in role and team.

    Those of the desk's own file share the demo's password, hashed once; nobody can sign in as one
    of the made-up customers.
    """
    groups = {role: Group.objects.get(name=role).pk for role in Role}
    organisations = {key: _store_organisation(world, key) for key in world.desk.organisations}
    password = make_password(world.desk.password)
    membership = User.groups.through
    for person in people:
        world.organisation_of[person.key] = organisations.get(person.organisation or "")
        known = person.key in world.desk.people
        user = User(
            pk=writer.next_id(User),
            email=person.email,
            name=person.name,
            password=password if known else UNUSABLE_PASSWORD_PREFIX + "demo",
            time_zone=person.time_zone,
            organisation_id=world.organisation_of[person.key],
            is_organisation_manager=person.is_manager,
            is_staff=Role(person.role) in STAFF_ROLES,
            date_joined=since,
        )
        world.people[person.key] = user.pk
        writer.add(user)
        writer.add(
            EmailAddress(
                pk=writer.next_id(EmailAddress),
                user_id=user.pk,
                email=person.email,
                verified=True,
                primary=True,
            )
        )
        role = groups[Role(person.role)]
        writer.add(membership(pk=writer.next_id(membership), user_id=user.pk, group_id=role))
        _join_teams(world, person, writer)
    writer.flush()


def _join_teams(world: World, person: Person, writer: Writer) -> None:
    if Role(person.role) in STAFF_ROLES:
        world.staff.add(person.key)
    world.teams_of[person.key] = frozenset(world.teams[key] for key in person.teams)
    for key in person.teams:
        writer.add(
            TeamMember(
                pk=writer.next_id(TeamMember),
                team_id=world.teams[key],
                user_id=world.people[person.key],
                is_lead=key in person.leads,
            )
        )


def open_desk(world: World, *, now: datetime) -> None:
    """What holds from now on: how teams give out tickets, and who isn't there today.

    After the history, which people sorted by hand.
    """
    for team in world.desk.teams.values():
        accounts.set_assignment(
            team=Team.objects.get(pk=world.teams[team.key]),
            policy=team.assignment,
            capacity=team.capacity,
            actor=SYSTEM,
            now=now,
        )
    for absence in world.desk.absences:
        accounts.set_availability(
            user=User.objects.get(pk=world.people[absence.person]),
            availability=absence.availability,
            until=now + timedelta(hours=absence.hours) if absence.hours else None,
            note=absence.note,
            actor=SYSTEM,
            now=now,
        )


def _store_organisation(world: World, key: str) -> int:
    organisation = world.desk.organisations[key]
    row, created = Organisation.objects.get_or_create(
        name=organisation.name,
        defaults={"shares_tickets": organisation.shares_tickets, "notes": organisation.notes},
    )
    if created:
        OrganisationDomain.objects.bulk_create(
            OrganisationDomain(organisation=row, domain=domain) for domain in organisation.domains
        )
    return row.pk
