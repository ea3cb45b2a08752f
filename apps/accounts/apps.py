from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from apps.accounts.identity import identity


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        autodiscover_modules("privacy", "api")
        identity.get()  # what is wrong with IDENTITY_URL is said at start, not at a sign-in
