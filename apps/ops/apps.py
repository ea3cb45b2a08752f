from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.ops.metrics import recording


class OpsConfig(AppConfig):
    name = "apps.ops"
    verbose_name = _("Operations")

    def ready(self) -> None:
        recording.begin()
