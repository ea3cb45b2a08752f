from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path

from apps.desk.admin import availability
from apps.ops.doctor import page as doctor

# Staff come in through the same door as everybody, second factor included.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Roles are fixed; addresses, second factors and devices belong to their owners alone.
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])

# django-unfold takes pages that belong to no model from here.
admin.site.extra_urls = lambda: [*availability.urls(), *doctor.urls()]  # type: ignore[attr-defined]

urlpatterns = [
    path("", include("apps.portal.urls")),
    path("", include("apps.tickets.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "apps.ops.failures.bad_request"
handler403 = "apps.ops.failures.forbidden"
handler404 = "apps.ops.failures.not_found"
handler429 = "apps.ops.failures.too_many"  # allauth's own limits
handler500 = "apps.ops.failures.broken"
