from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "People"

    def ready(self) -> None:
        autodiscover_modules("privacy")
