"""What is called how on AWS. Who is live is read from there: it holds the address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Desk:
    """A stage's names: those of the stacks in infra/ begin alike."""

    stage: str

    @property
    def application(self) -> str:
        return f"tendril-{self.stage}"

    @property
    def address(self) -> str:
        """The prefix of the CNAME that people come by: the web environment that has it is live."""
        return f"tendril-{self.stage}"

    @property
    def next_address(self) -> str:
        """Of the environment that is to be live next, or was until now."""
        return f"tendril-{self.stage}-next"

    @property
    def webs(self) -> tuple[str, str]:
        """Two by turns: environments can't be renamed, only their addresses can be swapped."""
        return (f"tendril-{self.stage}-web-a", f"tendril-{self.stage}-web-b")

    @property
    def worker(self) -> str:
        return f"tendril-{self.stage}-worker"

    def template(self, tier: str) -> str:
        """The configuration template that infra/application.yaml makes."""
        return f"tendril-{self.stage}-{tier}"

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
