"""When somebody is told, and what they do then. Pure data: see apps.ops.metrics.table."""

from __future__ import annotations

from apps.ops.metrics.table import Alarm, Source, own

_JOBS = "**Desk → Jobs given up**: each with its last error; *Try again* once the cause is mended"
_LOGS = (
    "the log group of the environment in Logs Insights: `filter level = 'ERROR' | sort @timestamp"
    " desc`; a line's `request` finds everything of one request, `trace` its trace in X-Ray"
)
_DOCTOR = (
    "`python manage.py doctor` on an instance, or **Desk → Doctor**: which service fails, and why"
)
_DEPLOYED = (
    "whether a deploy is under way or just ended: `python -m deploy status`; the charts by Build"
)


def _queue(queue: str) -> Source:
    return Source(
        namespace="AWS/SQS",
        name="ApproximateAgeOfOldestMessage",
        statistic="Maximum",
        dimensions={"QueueName": f"tendril-${{Stage}}-{queue}"},
    )


def _database(name: str, statistic: str = "Average") -> Source:
    return Source(
        namespace="AWS/RDS",
        name=name,
        statistic=statistic,
        dimensions={"DBInstanceIdentifier": "${Exported}"},
        exported="tendril-${Stage}-database",
    )


def _mail(name: str) -> Source:
    return Source(namespace="AWS/SES", name=name, statistic="Maximum", dimensions={})


FELT = (
    Alarm(
        name="errors",
        of=own("ServerErrors", "Sum"),
        ratio_of=own("Requests", "Sum"),
        least=20,
        threshold=2,
        points=3,
        felt=True,
        says="more than 2 % of the requests fail",
        means="Customers or agents see the page that says that something went wrong. With fewer than"
        " 20 requests in a minute it is not judged: one failure would be many per cent.",
        look=(_DEPLOYED, _LOGS, _DOCTOR),
        do=(
            "a deploy began it: `python -m deploy rollback`",
            "the database is away: see *database-busy*; forms can be sent again, nothing is half saved",
            "one page only: its traceback names it; what it did last is in the journal",
        ),
    ),
    Alarm(
        name="slow",
        of=own("Latency", "p95"),
        threshold=2000,
        period=300,
        periods=2,
        points=2,
        felt=True,
        says="one request in twenty takes longer than two seconds",
        means="The desk can be used, and nobody likes to. Ten minutes of it are no passing peak.",
        look=(
            "the chart *Latency* by page: one page, or all of them",
            "the slowest traces in X-Ray: which span takes the time",
            "*database-busy*; slow statements are in PostgreSQL's log from one second on",
            _DEPLOYED,
        ),
        do=(
            "a deploy began it: `python -m deploy rollback`",
            "all pages, and CPU is high: raise the least number of instances",
            "one page: its trace's statement, with `EXPLAIN` on the database",
        ),
    ),
    Alarm(
        name="no-figures",
        of=own("JournalLag", "SampleCount"),
        threshold=1,
        below=True,
        missing="breaching",
        felt=True,
        says="the desk has not measured itself for five minutes",
        means="Once a minute a job says how the desk stands. It is sent by the relay or by cron,"
        " carried by the queue, done by a worker, and told through the agent: one of them stands"
        " still, and with it mail, notifications and everything else that is not a page.",
        look=(
            "the health of the worker environment; its processes: `systemctl status worker relay`",
            "*queue-default*: do jobs arrive and wait?",
            "the CloudWatch agent: `amazon-cloudwatch-agent-ctl -a status`; it takes figures at port 25888",
            _DOCTOR,
        ),
        do=(
            "nothing is lost meanwhile: facts and jobs wait in the journal and in the queues",
            "restart the worker environment's servers; replace instances that do not come back",
        ),
    ),
    Alarm(
        name="journal-late",
        of=own("JournalLag", "Maximum"),
        threshold=300,
        felt=True,
        says="facts wait for more than five minutes",
        means="Mails, notifications, search and webhooks lag behind what people do.",
        look=(
            "**Desk → Deliveries**: which subscriber, and its error",
            "*queue-worker*: the worker tier may be too small",
            _LOGS,
        ),
        do=(
            "one subscriber fails: mend it, then *Try again*; the others go on without it",
            "all wait: see *no-figures*, then raise the greatest number of workers",
        ),
    ),
)
OWN = (
    Alarm(
        name="stream-late",
        of=own("StreamLag", "Maximum"),
        threshold=900,
        says="the stream has not had facts for a quarter of an hour",
        means="Live figures and the archive stand still. Nobody else notices.",
        look=("the relay's log: `the stream is away`", "*stream-full*"),
        do=("nothing is lost: facts wait in the journal and go when Kinesis takes them again",),
    ),
    Alarm(
        name="deliveries-parked",
        of=own("ParkedDeliveries", "Maximum"),
        threshold=1,
        says="the desk gave up delivering a fact",
        means="A subscriber failed sixteen times in about five hours, or killed its process.",
        look=("**Desk → Deliveries**: its error", _LOGS),
        do=("mend the cause, then *Try again*: nothing is lost until then",),
    ),
    Alarm(
        name="jobs-dead",
        of=own("DeadJobs", "Maximum"),
        threshold=1,
        says="a job was given up",
        means="A job failed ten times, or killed its worker as often.",
        look=(_JOBS, _LOGS),
        do=("mend the cause, then *Try again*, or *Throw away* what is not needed any more",),
    ),
    Alarm(
        name="jobs-failing",
        of=own("JobsFailed", "Sum"),
        threshold=20,
        period=300,
        periods=1,
        points=1,
        says="more than twenty jobs failed within five minutes",
        means="They come again by themselves. So many at once have one cause.",
        look=(_LOGS, _DOCTOR, _DEPLOYED),
        do=("mend the cause: what failed comes again, at growing distances",),
    ),
    Alarm(
        name="jobs-late",
        of=own("JobWait", "p95"),
        threshold=300,
        period=300,
        periods=2,
        points=2,
        says="jobs wait for more than five minutes before they begin",
        means="There are too few workers, or one kind of job holds them up.",
        look=("the age of the queues: which one", "CPU of the worker environment"),
        do=("raise the greatest number of workers, or WORKER_CONCURRENCY where CPU is idle",),
    ),
    Alarm(
        name="mail-late",
        of=own("MailLag", "Maximum"),
        threshold=900,
        says="mail has been waiting for a quarter of an hour",
        means="Customers do not hear of answers. Nothing is lost.",
        look=(
            "**Desk → Outgoing mail**: what SES says: quota, throttling, paused, not verified",
            "the account's sending limits in the SES console",
        ),
        do=("mend what it says; mail goes by itself then, the oldest first",),
    ),
    Alarm(
        name="mail-given-up",
        of=own("MailsGivenUp", "Sum"),
        threshold=1,
        period=3600,
        periods=1,
        points=1,
        says="a mail was given up",
        means="It was refused, or failed twelve times. Staff see it on its ticket.",
        look=("**Desk → Outgoing mail**, *Given up*",),
        do=("mend the cause, then *Try again*; or remove it when nobody waits for it",),
    ),
    Alarm(
        name="degraded",
        of=own("DegradedParts", "Maximum"),
        threshold=1,
        periods=10,
        points=10,
        says="cache or files have been failing for ten minutes",
        means="The desk goes on: without the cache pages are slower, without files none opens. No"
        " instance is taken away for it, since no other one has them either.",
        look=("`/readyz` names the part", _DOCTOR),
        do=("see docs/faults.md for what people see of it; mend the service, the desk comes back",),
    ),
)
AWS = (
    Alarm(
        name="queue-default",
        of=_queue("default"),
        threshold=600,
        says="jobs have been waiting in the queue for ten minutes",
        means="No worker takes them, or there are too few.",
        look=("the worker environment's health", "*jobs-failing*", "its log"),
        do=("see *no-figures*",),
    ),
    Alarm(
        name="queue-mail",
        of=_queue("mail"),
        threshold=600,
        says="mail jobs have been waiting in the queue for ten minutes",
        means="Mail is made and sent late.",
        look=("the worker environment's health", "*mail-late*"),
        do=("see *no-figures*",),
    ),
    Alarm(
        name="queue-heavy",
        of=_queue("heavy"),
        threshold=14_400,
        period=300,
        periods=3,
        points=3,
        says="long work has been waiting for four hours",
        means="Nightly tidying does not get its turn. Pages do not notice for days.",
        look=("what the workers do: the job named in their log",),
        do=("raise the greatest number of workers",),
    ),
    Alarm(
        name="queue-worker",
        of=_queue("worker"),
        threshold=600,
        felt=True,
        says="facts have been waiting in the worker tier's queue for ten minutes",
        means="Mails, notifications and search lag behind.",
        look=("the worker environment: its health, its scaling, `/var/log/aws-sqsd/default.log`",),
        do=(
            "raise the greatest number of workers",
            "the worker answers 500: its log says why; messages come again",
        ),
    ),
    Alarm(
        name="facts-dead",
        of=Source(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": "tendril-${Stage}-worker-dead"},
        ),
        threshold=1,
        period=300,
        periods=1,
        points=1,
        says="the worker refused a message ten times",
        means="Nobody here understands it: a notice of a new kind, or a message of a newer release.",
        look=("**Desk → Messages given up**: what it says", "the worker's log: why it was refused"),
        do=(
            "mend the cause, or roll out the release that knows it, then *Try again*",
            "facts in it were handed over again long ago: *Throw away* when the cause is known",
        ),
    ),
    Alarm(
        name="database-busy",
        of=_database("CPUUtilization"),
        threshold=85,
        period=300,
        periods=3,
        points=3,
        elsewhere=True,
        says="the database's CPU has been busy for a quarter of an hour",
        means="Pages become slow soon.",
        look=("Performance Insights: which statement", "CPU credits, on a burstable class"),
        do=("end what should not run; a larger class: parameter DatabaseClass of the stack data",),
    ),
    Alarm(
        name="database-full",
        of=_database("FreeStorageSpace", "Minimum"),
        threshold=2_147_483_648,
        below=True,
        period=300,
        periods=3,
        points=3,
        elsewhere=True,
        says="the database has less than 2 GiB of room",
        means="A full database takes no writes at all.",
        look=("what grows: tables by size, replication slots that nobody reads",),
        do=("raise DatabaseGigabytes of the stack data: it takes effect while the desk runs",),
    ),
    Alarm(
        name="cache-full",
        of=Source(
            namespace="AWS/ElastiCache",
            name="DatabaseMemoryUsagePercentage",
            statistic="Maximum",
            dimensions={"CacheClusterId": "${Exported}-001"},
            exported="tendril-${Stage}-cache",
        ),
        threshold=85,
        period=300,
        periods=3,
        points=3,
        elsewhere=True,
        says="the cache is nearly full",
        means="What is kept is thrown away early: pages become slower, and people stay signed in.",
        look=("evictions of the node",),
        do=("a larger node: parameter CacheNodeType of the stack data",),
    ),
    Alarm(
        name="stream-full",
        of=Source(
            namespace="AWS/Kinesis",
            name="WriteProvisionedThroughputExceeded",
            statistic="Sum",
            dimensions={"StreamName": "tendril-${Stage}-facts"},
        ),
        threshold=100,
        period=300,
        periods=3,
        points=3,
        says="the stream refuses records",
        means="More facts come than its shards take. They wait in the journal.",
        look=("*stream-late*",),
        do=("raise StreamShards of the stack messaging",),
    ),
    Alarm(
        name="mail-bounces",
        of=_mail("Reputation.BounceRate"),
        threshold=0.05,
        period=3600,
        periods=1,
        points=1,
        missing="ignore",
        says="more than 5 % of the mail comes back",
        means="At 10 % SES may stop the account from sending.",
        look=("**Desk → Mail that came back**: which addresses, since when",),
        do=(
            "addresses that bounced get no more mail by themselves",
            "many new ones: a wrong import, or somebody who signs strangers up",
        ),
    ),
    Alarm(
        name="mail-complaints",
        of=_mail("Reputation.ComplaintRate"),
        threshold=0.001,
        period=3600,
        periods=1,
        points=1,
        missing="ignore",
        says="more than one reader in a thousand marks the desk's mail as spam",
        means="At 0.5 % SES may stop the account from sending.",
        look=("**Desk → Mail that came back**: which mails",),
        do=("look at what was sent to whom; those who complained get no more mail by themselves",),
    ),
)  # fmt: skip
ALARMS = (*FELT, *OWN, *AWS)
