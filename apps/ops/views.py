"""The pages of jobs and of messages that were given up, and of chores that fail."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.ops import actions
from apps.ops.dead_jobs import DeadJob, dead_jobs, dead_messages
from apps.ops.given_up import DROP, RETRY, Doing, GivenUp, Text, Words
from apps.ops.models import JobFailure

_KINDS: dict[str, Text] = {
    "kind": _("Facts to be delivered"),
    "notificationType": _("What Amazon SES says of a mail"),
    "eventType": _("What Amazon SES says of a mail"),
    "NewStateValue": _("What an alarm says"),
}


def _job_is_called(job: DeadJob) -> Text:
    return job.task or _("Not a job of the desk")


def _message_is_called(job: DeadJob) -> Text:
    return _KINDS.get(job.task.partition(":")[0], _("Not a message to the desk"))


def _chores() -> dict[str, Any]:
    return {"chores": list(JobFailure.objects.of_chores())}


JOBS = GivenUp(
    port=dead_jobs,
    place="dead-jobs/",
    name="dead_jobs",
    called=_job_is_called,
    beside=_chores,
    words=Words(
        title=_("Jobs given up"),
        none_title=_("No job was given up"),
        none=_(
            "A job that fails comes again after a while. What has failed too often is put here."
        ),
        intro=_(
            "These failed too often, or ended the process that ran them. When the reason is mended,"
            " have them tried again."
        ),
        no_error=_(
            "No error is known: it may have ended its process, or no running release knows it."
        ),
        inside=_("Arguments"),
        choose=_("Choose jobs first."),
        not_found=ngettext_lazy(
            "%d job was not found: somebody else has seen to it, or looks at it just now.",
            "%d jobs were not found: somebody else has seen to them, or looks at them just now.",
        ),
    ),
    doings={
        "retry": Doing(
            title=RETRY,
            act=lambda dead: dead.retry,
            note=actions.note_retried,
            question=ngettext_lazy(
                "%d job goes back to the end of its queue, and begins anew.",
                "%d jobs go back to the end of their queues, and begin anew.",
            ),
            told=ngettext_lazy("%d job will be tried again.", "%d jobs will be tried again."),
        ),
        "drop": Doing(
            title=DROP,
            act=lambda dead: dead.drop,
            note=actions.note_dropped,
            question=ngettext_lazy(
                "%d job is thrown away undone. It can't be brought back.",
                "%d jobs are thrown away undone. They can't be brought back.",
            ),
            told=ngettext_lazy("%d job was thrown away.", "%d jobs were thrown away."),
        ),
    },
)

MESSAGES = GivenUp(
    port=dead_messages,
    place="dead-messages/",
    name="dead_messages",
    called=_message_is_called,
    words=Words(
        title=_("Messages given up"),
        none_title=_("No message was given up"),
        none=_(
            "On AWS a queue brings the worker facts, and what is said of mail and alarms. What the"
            " worker has refused too often is put here. Where everything runs on one machine, there"
            " is no such queue: facts that fail are in the list of deliveries."
        ),
        intro=_(
            "The worker refused these too often: its release doesn't know them, or something was"
            " away. Its log says why. Facts in them were handed over again long ago."
        ),
        no_error=_("The worker's log says why it was refused."),
        inside=_("Text"),
        choose=_("Choose messages first."),
        not_found=ngettext_lazy(
            "%d message was not found: somebody else has seen to it, or looks at it now.",
            "%d messages were not found: somebody else has seen to them, or looks at them now.",
        ),
    ),
    doings={
        "retry": Doing(
            title=RETRY,
            act=lambda dead: dead.retry,
            note=actions.note_message_retried,
            question=ngettext_lazy(
                "%d message goes back to the worker's queue. Taken twice, it does nothing twice.",
                "%d messages go back to the worker's queue. Taken twice, they do nothing twice.",
            ),
            told=ngettext_lazy(
                "%d message will be tried again.", "%d messages will be tried again."
            ),
        ),
        "drop": Doing(
            title=DROP,
            act=lambda dead: dead.drop,
            note=actions.note_message_dropped,
            question=ngettext_lazy(
                "%d message is thrown away. It can't be brought back.",
                "%d messages are thrown away. They can't be brought back.",
            ),
            told=ngettext_lazy("%d message was thrown away.", "%d messages were thrown away."),
        ),
    },
)


def urls() -> list[URLPattern]:
    """What the admin site takes in beside its models' pages."""
    return [*JOBS.urls(), *MESSAGES.urls()]
