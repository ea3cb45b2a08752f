"""Customers without a part of their own: as many as one likes, each from a number. Pure."""

from __future__ import annotations

from math import gcd

from demo.desk import Desk, Organisation, Person
from demo.reading import address_of

# At these nobody of desk.people has an address.
_DOMAINS = ("example.net", "example.org", "mail.example")
_EVERY = 15  # one customer in so many works for an organisation
_STRIDE = 10_007  # a prime: neighbours share neither name


def first_name_of(desk: Desk, number: int) -> str:
    return desk.first_names[_cell(desk, number) % len(desk.first_names)]


def name_of(desk: Desk, number: int) -> str:
    """Names repeat after all pairs of first and last names were used."""
    last = desk.last_names[_cell(desk, number) // len(desk.first_names)]
    return f"{first_name_of(desk, number)} {last}"


def customer(desk: Desk, number: int) -> Person:
    name = name_of(desk, number)
    round_ = number // (len(desk.first_names) * len(desk.last_names))
    organisation = _organisation_of(desk, number)
    domain = organisation.domains[-1] if organisation else _DOMAINS[number % len(_DOMAINS)]
    return Person(
        key=f"c{number}",
        name=name,
        email=address_of(name, domain, suffix=str(round_ + 1) if round_ else ""),
        organisation=organisation.key if organisation else None,
    )


def _cell(desk: Desk, number: int) -> int:
    cells = len(desk.first_names) * len(desk.last_names)
    if gcd(_STRIDE, cells) != 1:
        raise ValueError(f"{cells} names: add or remove one, or some would never come up")
    return number * _STRIDE % cells


def _organisation_of(desk: Desk, number: int) -> Organisation | None:
    turn, position = divmod(number, _EVERY)
    if position != _EVERY - 1:
        return None
    organisations = tuple(desk.organisations.values())
    return organisations[turn % len(organisations)]
