from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.account.views import logout
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path

from apps.desk.admin import availability
from apps.ops import views as ops
from apps.ops.doctor import page as doctor

# Staff come in through the same door as everybody, second factor included.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# And leave by the same one, which ends the identity provider's session as well.
admin.site.logout = lambda request, _extra=None: logout(request)  # type: ignore[method-assign,assignment]

# Roles are fixed; addresses, second factors, devices and accounts elsewhere belong to their owners
# alone; the identity provider stands in IDENTITY_URL.
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])
admin.site.unregister([SocialAccount, SocialApp, SocialToken])

# django-unfold takes pages that belong to no model from here.
admin.site.extra_urls = lambda: [  # type: ignore[attr-defined]
    *availability.urls(),
    *ops.urls(),
    *doctor.urls(),
]

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
