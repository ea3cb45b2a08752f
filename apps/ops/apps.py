from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.ops.metrics import recording


class OpsConfig(AppConfig):
    name = "apps.ops"
    verbose_name = _("Operations")

    def ready(self) -> None:
        """A service's bad URL stops the start, and not the first page that needs it."""
        from apps.ops.services import build_all

        build_all()
        recording.begin()
