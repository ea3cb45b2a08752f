"""Who gets what at which URL: one row a URL and method, one letter a role.

Roles, in the order of the letters:

    n nobody            somebody who isn't signed in
    o owner             rachel of Acme, who raised the ticket
    c colleague         ross of Acme, which doesn't share tickets
    f foreigner         oscar of another organisation
    m manager           monica, who manages Acme
    a agent             fay, in the ticket's team, which is private
    x other agent       alice, in another team
    l other lead        lena, who leads another team
    A administrator     ada

Letters:

    2  the page             3  done, and on to another page      L  sign in first
    4  not found, exactly as if there were no such thing         F  may not, and is told so
    5  405: not this way    B  400: something is missing         -  as nobody asks it
"""

from __future__ import annotations

from dataclasses import dataclass, field

ROLES = "nocfmaxlA"


@dataclass(frozen=True, slots=True)
class Row:
    """`route` as the URLconf writes it; `at` fills its converters; `says` is a letter per role."""

    route: str
    says: str
    method: str = "get"
    at: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
