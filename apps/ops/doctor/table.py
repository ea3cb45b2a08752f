"""What the doctor looks at, in the order of its report."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.ops.doctor import Probe, carrying, keeping, safety, serving

PROBES = (
    Probe(
        name="database",
        title=_("Database"),
        variable="DATABASE_URL",
        next_step=_("Is the server running, and may this machine and user connect to it?"),
        prove=keeping.database,
    ),
    Probe(
        name="migrations",
        title=_("Migrations"),
        variable="DATABASE_URL",
        next_step=_("Run: python manage.py release"),
        prove=keeping.migrations,
    ),
    Probe(
        name="cache",
        title=_("Cache"),
        variable="CACHE_URL",
        next_step=_("Is Redis running, and does its security group let this machine in?"),
        prove=keeping.cache,
    ),
    Probe(
        name="files",
        title=_("Files"),
        variable="FILES_URL",
        next_step=_("Does the bucket or folder exist, and may the desk write, read and delete?"),
        prove=keeping.files,
    ),
    Probe(
        name="assets",
        title=_("Static files"),
        variable="ASSETS_URL",
        next_step=_(
            "Were they collected, were they sent (manage.py assets), and does CloudFront take"
            " /static/ of SITE_URL from that bucket?"
        ),
        prove=serving.assets,
    ),
    Probe(
        name="scanner",
        title=_("Scanner"),
        variable="SCANNER_URL",
        next_step=_("Is clamd running there, with its signatures loaded?"),
        prove=keeping.scanning,
    ),
    Probe(
        name="jobs",
        title=_("Jobs"),
        variable="BROKER_URL",
        next_step=_("Is a worker running with the same BROKER_URL, and is it not just busy?"),
        prove=carrying.jobs,
    ),
    Probe(
        name="chores",
        title=_("Chores"),
        variable="BROKER_URL",
        next_step=_("The page of jobs that were given up has the error of each, which says more."),
        prove=carrying.chores,
    ),
    Probe(
        name="facts",
        title=_("Facts"),
        variable="BUS_URL",
        next_step=_("Is the relay running, and on AWS the worker tier? Look at the deliveries."),
        prove=carrying.facts,
    ),
    Probe(
        name="stream",
        title=_("Stream"),
        variable="STREAM_URL",
        next_step=_(
            "Does the stream or folder exist, may workers write it and everybody read it, and is"
            " the relay running? Facts that wait for it are in the list of deliveries."
        ),
        prove=carrying.streaming,
    ),
    Probe(
        name="figures",
        title=_("Live figures"),
        variable="FIGURES_URL",
        next_step=_("Does the table exist, and may the desk update and query it?"),
        prove=keeping.live_figures,
    ),
    Probe(
        name="search",
        title=_("Search"),
        variable="SEARCH_URL",
        next_step=_("Run: python manage.py reindex"),
        prove=keeping.search,
    ),
    Probe(
        name="mail",
        title=_("Mail out"),
        variable="MAIL_URL",
        next_step=_("Send to an address of your own, and look at Outgoing mail for the answer."),
        prove=carrying.mail_out,
    ),
    Probe(
        name="inbox",
        title=_("Mail in"),
        variable="MAIL_URL",
        next_step=_(
            "Does the bucket after ?inbox= exist, may the desk list and read it, and is the stage's"
            " receipt rule set the one that is active in SES?"
        ),
        prove=carrying.mail_in,
    ),
    Probe(
        name="identity",
        title=_("Sign-in"),
        variable="IDENTITY_URL",
        next_step=_("Does the address of the provider open from this machine?"),
        prove=safety.identity,
    ),
    Probe(
        name="secret-key",
        title=_("Secret key"),
        variable="SECRET_KEY",
        next_step=_("Set a long random text, the same for every process; it signs people out."),
        prove=safety.secret_key,
    ),
    Probe(
        name="site",
        title=_("Address and cookies"),
        variable="SITE_URL",
        next_step=_("SITE_URL is where people reach the desk, https:// included."),
        prove=safety.site,
    ),
    Probe(
        name="clock",
        title=_("Clock"),
        variable="AWS_REGION",
        next_step=_("Let the machine set its clock (chrony). Signatures and codes hang on it."),
        prove=safety.clock,
    ),
    Probe(
        name="disk",
        title=_("Disk"),
        variable="VAR_DIR",
        next_step=_("Make room, or move VAR_DIR to a larger disk."),
        prove=keeping.disk,
    ),
)
