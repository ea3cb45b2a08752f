"""What is called how on AWS. Who is live is read from there: it holds the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from deploy import stacks
from deploy.stacks import StackError


@dataclass(frozen=True, slots=True)
class Desk:
    """A stage's names: those of the stacks in infra/ begin alike.

    Some are known to the stack of the application alone (`of`); whoever needs none of them does
    without it.
    """

    stage: str
    # The prefix of the CNAME that people come by: the web environment that has it is live.
    address: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)  # by tier: CloudFormation names them
    bucket: str = ""  # Beanstalk's own in this region, for bundles; there may be none yet

    @classmethod
    def of(cls, stage: str) -> Self:
        """With what the stack of the application says. Raises StackError."""
        said = stacks.outputs("application", stage=stage)
        if missing := {"Address", "BundlesBucket"} - said.keys():
            raise StackError(
                f"tendril-{stage}-application says no {' and no '.join(sorted(missing))}: it is"
                f" older than this program. First: python -m deploy up --stage {stage}"
            )
        return cls(
            stage,
            address=said["Address"],
            templates={tier: said.get(f"{tier.title()}Template", "") for tier in ("web", "worker")},
            bucket=said["BundlesBucket"],
        )

    @property
    def application(self) -> str:
        return f"tendril-{self.stage}"

    @property
    def next_address(self) -> str:
        """Of the environment that is to be live next, or was until now."""
        return f"{self.address}-next"

    @property
    def webs(self) -> tuple[str, str]:
        """Two by turns: environments can't be renamed, only their addresses can be swapped."""
        return (f"tendril-{self.stage}-web-a", f"tendril-{self.stage}-web-b")

    @property
    def worker(self) -> str:
        return f"tendril-{self.stage}-worker"

    def template(self, tier: str) -> str:
        """The configuration template of a tier. Raises StackError."""
        if not (name := self.templates.get(tier, "")):
            raise StackError(f"tendril-{self.stage}-application says no template for the {tier}")
        return name

    @property
    def doctor(self) -> str:
        """The SSM document that runs the doctor, and nothing else, on an instance."""
        return f"tendril-{self.stage}-doctor"

    @property
    def consumers(self) -> str:
        """Likewise, which says who used which contract."""
        return f"tendril-{self.stage}-consumers"

    def version(self, label: str, tier: str) -> str:
        """Beanstalk's label: versions belong to the application, bundles to a tier."""
        return f"{label}-{tier}"


def build_of(version: str) -> str:
    """What the desk calls it, in the file BUILD and in its figures."""
    return version.rpartition("-")[0]
