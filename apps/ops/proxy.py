"""What the proxy before the desk has to know of its settings."""

from __future__ import annotations

from django.conf import settings

MEGABYTE = 1 << 20


def directives() -> str:
    """A file for nginx's server block: how large a request may be, and where the desk listens.

    A little more than the desk takes, so that who is just above it hears that from the desk, in
    their own language and beside their form. nginx alone would refuse what is over one megabyte.
    The platform writes the port into its own `location /`; ours (30_worker.conf) learns it here.
    """
    files = settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENTS_PER_MESSAGE
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + files
    return (
        "# Made by `manage.py nginx`. An instance makes it anew from its own variables, before"
        " nginx starts.\n"
        f"client_max_body_size {-(-most // MEGABYTE) + 1}m;\n"
        f"set $desk 127.0.0.1:{settings.PORT};\n"
    )
