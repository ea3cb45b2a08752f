"""Who gets what at which URL: one line a method and route, one letter a role.

Roles, in the order of the letters:

    n nobody            somebody who isn't signed in
    o owner             rachel of Acme, who raised the ticket
    c colleague         ross of Acme, which doesn't share tickets
    f foreigner         oscar of another organisation
    m manager           monica, who manages Acme
    a agent             fay, in the ticket's team, which is private
    x other agent       alice, in another team
    l other lead        lena, who leads another team
    A administrator     ada

Letters:

    2  the page             3  done, and on to another page      L  sign in first
    4  not found, exactly as if there were no such thing         F  may not, and is told so
    K  401: with a token alone, whoever has a session
    5  405: not this way    9  409: refused, and said why  0  204: nothing to show
"""

from __future__ import annotations

from dataclasses import dataclass

ROLES = "nocfmaxlA"


@dataclass(frozen=True, slots=True)
class Row:
    method: str
    route: str
    says: str


def rows() -> list[Row]:
    return [_row(line) for line in TABLE.strip().splitlines()]


def _row(line: str) -> Row:
    method, route, says = line.split()
    return Row(method, SHORT.get(route, route), says)


# Routes that are too empty or too long for a line.
SHORT = {
    "(home)": "",
    "admin/(app)/": "admin/^(?P<app_label>events|notifications|ops|tickets|desk|webhooks"
    "|mail|knowledge|accounts)/$",
}
TABLE = r"""
get  (home)                                                                     222222222
post (home)                                                                     555555555
get  account/                                                                   L22222222
post account/                                                                   L22222222
get  account/2fa/                                                               L22222222
post account/2fa/                                                               L55555555
get  account/2fa/authenticate/                                                  L33333333
post account/2fa/authenticate/                                                  L33333333
get  account/2fa/reauthenticate/                                                L33333333
post account/2fa/reauthenticate/                                                L33333333
get  account/2fa/recovery-codes/                                                L44444444
post account/2fa/recovery-codes/                                                L55555555
get  account/2fa/recovery-codes/download/                                       L44444444
post account/2fa/recovery-codes/download/                                       L44444444
get  account/2fa/recovery-codes/generate/                                       L33333333
post account/2fa/recovery-codes/generate/                                       L33333333
get  account/2fa/totp/activate/                                                 L33333333
post account/2fa/totp/activate/                                                 L33333333
get  account/2fa/totp/deactivate/                                               L44444444
post account/2fa/totp/deactivate/                                               L44444444
get  account/2fa/webauthn/                                                      L22222222
post account/2fa/webauthn/                                                      L55555555
get  account/2fa/webauthn/add/                                                  L33333333
post account/2fa/webauthn/add/                                                  L33333333
get  account/2fa/webauthn/keys/<int:pk>/edit/                                   L33333333
post account/2fa/webauthn/keys/<int:pk>/edit/                                   L33333333
get  account/2fa/webauthn/keys/<int:pk>/remove/                                 L33333333
post account/2fa/webauthn/keys/<int:pk>/remove/                                 L33333333
get  account/2fa/webauthn/login/                                                L33333333
post account/2fa/webauthn/login/                                                L33333333
get  account/2fa/webauthn/reauthenticate/                                       L33333333
post account/2fa/webauthn/reauthenticate/                                       L33333333
get  account/3rdparty/                                                          L22222222
post account/3rdparty/                                                          L55555555
get  account/3rdparty/<int:pk>/unlink/                                          L55555555
post account/3rdparty/<int:pk>/unlink/                                          L33333333
get  account/3rdparty/login/cancelled/                                          222222222
post account/3rdparty/login/cancelled/                                          555555555
get  account/3rdparty/login/error/                                              KKKKKKKKK
post account/3rdparty/login/error/                                              555555555
get  account/3rdparty/signup/                                                   LLLLLLLLL
post account/3rdparty/signup/                                                   LLLLLLLLL
get  account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$         222222222
post account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$         222222222
get  account/confirm-email/                                                     L33333333
post account/confirm-email/                                                     L33333333
get  account/data/                                                              L22222222
post account/data/                                                              L55555555
get  account/data/delete/                                                       L55555555
post account/data/delete/                                                       L33333333
get  account/data/export/                                                       L55555555
post account/data/export/                                                       L33333333
get  account/email/                                                             L22222222
post account/email/                                                             L33333333
get  account/inactive/                                                          222222222
post account/inactive/                                                          555555555
get  account/login/                                                             233333333
post account/login/                                                             233333333
get  account/login/code/confirm/                                                L33333333
post account/login/code/confirm/                                                L33333333
get  account/logout/                                                            322222222
post account/logout/                                                            333333333
get  account/oidc/<slug:provider_id>/login/                                     444444444
post account/oidc/<slug:provider_id>/login/                                     444444444
get  account/oidc/<slug:provider_id>/login/callback/                            444444444
post account/oidc/<slug:provider_id>/login/callback/                            444444444
get  account/password/change/                                                   L22222222
post account/password/change/                                                   L22222222
get  account/password/reset/                                                    222222222
post account/password/reset/                                                    222222222
get  account/password/reset/done/                                               222222222
post account/password/reset/done/                                               555555555
get  account/password/reset/key/done/                                           222222222
post account/password/reset/key/done/                                           555555555
get  account/password/set/                                                      L33333333
post account/password/set/                                                      L33333333
get  account/reauthenticate/                                                    L22222222
post account/reauthenticate/                                                    L22222222
get  account/second-factor/                                                     L33333333
post account/second-factor/                                                     L55555555
get  account/sessions/                                                          L22222222
post account/sessions/                                                          L33333333
get  account/signed-out/                                                        333333333
post account/signed-out/                                                        555555555
get  account/signup/                                                            233333333
post account/signup/                                                            233333333
get  account/social/connections/                                                333333333
post account/social/connections/                                                333333333
get  account/social/login/cancelled/                                            LLLLLLLLL
post account/social/login/cancelled/                                            LLLLLLLLL
get  account/social/login/error/                                                LLLLLLLLL
post account/social/login/error/                                                LLLLLLLLL
get  account/social/signup/                                                     333333333
post account/social/signup/                                                     333333333
get  admin/                                                                     LLLLL2222
post admin/                                                                     LLLLL2222
get  admin/(?P<url>.*)$                                                         LLLLL4444
post admin/(?P<url>.*)$                                                         LLLLL4444
get  admin/(app)/                                                               LLLLL2222
post admin/(app)/                                                               LLLLL2222
get  admin/accounts/apitoken/                                                   LLLLLFFF2
get  admin/accounts/apitoken/<path:object_id>/                                  LLLLL3333
get  admin/accounts/apitoken/<path:object_id>/change/                           LLLLLFFF2
post admin/accounts/apitoken/<path:object_id>/change/                           LLLLLFFFF
get  admin/accounts/apitoken/<path:object_id>/delete/                           LLLLLFFFF
post admin/accounts/apitoken/<path:object_id>/delete/                           LLLLLFFFF
get  admin/accounts/apitoken/<path:object_id>/history/                          LLLLLFFF2
get  admin/accounts/apitoken/add/                                               LLLLLFFF2
post admin/accounts/apitoken/add/                                               LLLLLFFF2
get  admin/accounts/organisation/                                               LLLLLFFF2
get  admin/accounts/organisation/<path:object_id>/                              LLLLL3333
get  admin/accounts/organisation/<path:object_id>/change/                       LLLLLFFF2
post admin/accounts/organisation/<path:object_id>/change/                       LLLLLFFF2
get  admin/accounts/organisation/<path:object_id>/delete/                       LLLLLFFFF
post admin/accounts/organisation/<path:object_id>/delete/                       LLLLLFFFF
get  admin/accounts/organisation/<path:object_id>/history/                      LLLLLFFF2
get  admin/accounts/organisation/add/                                           LLLLLFFF2
post admin/accounts/organisation/add/                                           LLLLLFFF2
get  admin/accounts/team/                                                       LLLLLFFF2
get  admin/accounts/team/<path:object_id>/                                      LLLLL3333
get  admin/accounts/team/<path:object_id>/change/                               LLLLLFFF2
post admin/accounts/team/<path:object_id>/change/                               LLLLLFFF2
get  admin/accounts/team/<path:object_id>/delete/                               LLLLLFFFF
post admin/accounts/team/<path:object_id>/delete/                               LLLLLFFFF
get  admin/accounts/team/<path:object_id>/history/                              LLLLLFFF2
get  admin/accounts/team/add/                                                   LLLLLFFF2
post admin/accounts/team/add/                                                   LLLLLFFF2
get  admin/accounts/user/                                                       LLLLLFFF2
get  admin/accounts/user/<path:object_id>/                                      LLLLL3333
get  admin/accounts/user/<path:object_id>/anonymise/                            LLLLLFFF2
post admin/accounts/user/<path:object_id>/anonymise/                            LLLLLFFF2
get  admin/accounts/user/<path:object_id>/change/                               LLLLLFFF2
post admin/accounts/user/<path:object_id>/change/                               LLLLLFFF2
get  admin/accounts/user/<path:object_id>/delete/                               LLLLLFFFF
post admin/accounts/user/<path:object_id>/delete/                               LLLLLFFFF
get  admin/accounts/user/<path:object_id>/export/                               LLLLLFFF2
post admin/accounts/user/<path:object_id>/export/                               LLLLLFFF2
get  admin/accounts/user/<path:object_id>/history/                              LLLLLFFF2
get  admin/accounts/user/add/                                                   LLLLLFFF2
post admin/accounts/user/add/                                                   LLLLLFFF2
get  admin/autocomplete/                                                        LLLLLFFFF
post admin/autocomplete/                                                        LLLLL5555
get  admin/availability/                                                        LLLLL2222
post admin/availability/                                                        LLLLL9999
get  admin/dead-jobs/                                                           LLLLLFFF2
post admin/dead-jobs/                                                           LLLLLFFF3
get  admin/dead-messages/                                                       LLLLLFFF2
post admin/dead-messages/                                                       LLLLLFFF3
get  admin/doctor/                                                              LLLLLFFF2
post admin/doctor/                                                              LLLLLFFF2
get  admin/desk/savedreply/                                                     LLLLL2222
get  admin/desk/savedreply/<path:object_id>/                                    LLLLL3333
get  admin/desk/savedreply/<path:object_id>/change/                             LLLLL2222
post admin/desk/savedreply/<path:object_id>/change/                             LLLLLFFF2
get  admin/desk/savedreply/<path:object_id>/delete/                             LLLLLFFFF
post admin/desk/savedreply/<path:object_id>/delete/                             LLLLLFFFF
get  admin/desk/savedreply/<path:object_id>/history/                            LLLLL2222
get  admin/desk/savedreply/add/                                                 LLLLL2222
post admin/desk/savedreply/add/                                                 LLLLL2222
get  admin/events/delivery/                                                     LLLLLFFF2
get  admin/events/delivery/<path:object_id>/                                    LLLLL3333
get  admin/events/delivery/<path:object_id>/change/                             LLLLLFFF2
post admin/events/delivery/<path:object_id>/change/                             LLLLLFFFF
get  admin/events/delivery/<path:object_id>/delete/                             LLLLLFFFF
post admin/events/delivery/<path:object_id>/delete/                             LLLLLFFFF
get  admin/events/delivery/<path:object_id>/history/                            LLLLLFFF2
get  admin/events/delivery/add/                                                 LLLLLFFFF
post admin/events/delivery/add/                                                 LLLLLFFFF
get  admin/events/event/                                                        LLLLLFFF2
get  admin/events/event/<path:object_id>/                                       LLLLL3333
get  admin/events/event/<path:object_id>/change/                                LLLLLFFF2
post admin/events/event/<path:object_id>/change/                                LLLLLFFFF
get  admin/events/event/<path:object_id>/delete/                                LLLLLFFFF
post admin/events/event/<path:object_id>/delete/                                LLLLLFFFF
get  admin/events/event/<path:object_id>/history/                               LLLLLFFF2
get  admin/events/event/add/                                                    LLLLLFFFF
post admin/events/event/add/                                                    LLLLLFFFF
get  admin/jsi18n/                                                              LLLLL2222
post admin/jsi18n/                                                              LLLLL5555
get  admin/knowledge/article/                                                   LLLLL2222
get  admin/knowledge/article/<int:pk>/<slug:panel>/do/                          LLLLL5555
post admin/knowledge/article/<int:pk>/<slug:panel>/do/                          LLLLL3333
get  admin/knowledge/article/<int:pk>/change/                                   LLLLL2222
post admin/knowledge/article/<int:pk>/change/                                   LLLLL3333
get  admin/knowledge/article/<int:pk>/images/                                   LLLLL5555
post admin/knowledge/article/<int:pk>/images/                                   LLLLL3333
get  admin/knowledge/article/<int:pk>/preview/                                  LLLLL5555
post admin/knowledge/article/<int:pk>/preview/                                  LLLLL2222
get  admin/knowledge/article/<int:pk>/revisions/                                LLLLL2222
post admin/knowledge/article/<int:pk>/revisions/                                LLLLL5555
get  admin/knowledge/article/add/                                               LLLLL2222
post admin/knowledge/article/add/                                               LLLLL3333
get  admin/knowledge/article/preview/                                           LLLLL5555
post admin/knowledge/article/preview/                                           LLLLL2222
get  admin/knowledge/feedback/                                                  LLLLL2222
get  admin/knowledge/knowledgecategory/                                         LLLLL2222
get  admin/knowledge/knowledgecategory/<path:object_id>/                        LLLLL3333
get  admin/knowledge/knowledgecategory/<path:object_id>/change/                 LLLLL2222
post admin/knowledge/knowledgecategory/<path:object_id>/change/                 LLLLLFF22
get  admin/knowledge/knowledgecategory/<path:object_id>/delete/                 LLLLLFFFF
post admin/knowledge/knowledgecategory/<path:object_id>/delete/                 LLLLLFFFF
get  admin/knowledge/knowledgecategory/<path:object_id>/history/                LLLLL2222
get  admin/knowledge/knowledgecategory/add/                                     LLLLLFF22
post admin/knowledge/knowledgecategory/add/                                     LLLLLFF22
get  admin/login/                                                               LFFFF3333
post admin/login/                                                               LFFFF2222
get  admin/logout/                                                              333332222
post admin/logout/                                                              333333333
get  admin/mail/incomingmail/                                                   LLLLLFFF2
get  admin/mail/incomingmail/<path:object_id>/                                  LLLLL3333
get  admin/mail/incomingmail/<path:object_id>/change/                           LLLLLFFF2
post admin/mail/incomingmail/<path:object_id>/change/                           LLLLLFFFF
get  admin/mail/incomingmail/<path:object_id>/delete/                           LLLLLFFFF
post admin/mail/incomingmail/<path:object_id>/delete/                           LLLLLFFFF
get  admin/mail/incomingmail/<path:object_id>/history/                          LLLLLFFF2
get  admin/mail/incomingmail/add/                                               LLLLLFFFF
post admin/mail/incomingmail/add/                                               LLLLLFFFF
get  admin/mail/incomingmail/<int:pk>/html/                                     LLLLLFFF4
post admin/mail/incomingmail/<int:pk>/html/                                     LLLLL5555
get  admin/mail/incomingmail/<int:pk>/source/                                   LLLLLFFF4
post admin/mail/incomingmail/<int:pk>/source/                                   LLLLL5555
get  admin/notifications/outgoingmail/                                          LLLLLFFF2
get  admin/notifications/outgoingmail/<path:object_id>/                         LLLLL3333
get  admin/notifications/outgoingmail/<path:object_id>/change/                  LLLLLFFF2
post admin/notifications/outgoingmail/<path:object_id>/change/                  LLLLLFFFF
get  admin/notifications/outgoingmail/<path:object_id>/delete/                  LLLLLFFFF
post admin/notifications/outgoingmail/<path:object_id>/delete/                  LLLLLFFFF
get  admin/notifications/outgoingmail/<path:object_id>/history/                 LLLLLFFF2
get  admin/notifications/outgoingmail/add/                                      LLLLLFFFF
post admin/notifications/outgoingmail/add/                                      LLLLLFFFF
get  admin/notifications/recipient/                                             LLLLLFFF2
get  admin/notifications/recipient/<path:object_id>/                            LLLLL3333
get  admin/notifications/recipient/<path:object_id>/again/                      LLLLLFFF2
post admin/notifications/recipient/<path:object_id>/again/                      LLLLLFFF2
get  admin/notifications/recipient/<path:object_id>/change/                     LLLLLFFF2
post admin/notifications/recipient/<path:object_id>/change/                     LLLLLFFFF
get  admin/notifications/recipient/<path:object_id>/delete/                     LLLLLFFFF
post admin/notifications/recipient/<path:object_id>/delete/                     LLLLLFFFF
get  admin/notifications/recipient/<path:object_id>/history/                    LLLLLFFF2
get  admin/notifications/recipient/add/                                         LLLLLFFFF
post admin/notifications/recipient/add/                                         LLLLLFFFF
get  admin/notifications/recipient/again/                                       LLLLL5555
post admin/notifications/recipient/again/                                       LLLLL3333
get  admin/ops/chorerun/                                                        LLLLLFFF2
get  admin/ops/chorerun/<path:object_id>/                                       LLLLL3333
get  admin/ops/chorerun/<path:object_id>/change/                                LLLLLFFF2
post admin/ops/chorerun/<path:object_id>/change/                                LLLLLFFFF
get  admin/ops/chorerun/<path:object_id>/delete/                                LLLLLFFFF
post admin/ops/chorerun/<path:object_id>/delete/                                LLLLLFFFF
get  admin/ops/chorerun/<path:object_id>/history/                               LLLLLFFF2
get  admin/ops/chorerun/add/                                                    LLLLLFFFF
post admin/ops/chorerun/add/                                                    LLLLLFFFF
get  admin/password_change/                                                     LLLLL2222
post admin/password_change/                                                     LLLLL2222
get  admin/password_change/done/                                                LLLLL2222
post admin/password_change/done/                                                LLLLL5555
get  admin/r/<path:content_type_id>/<path:object_id>/                           LLLLL4444
post admin/r/<path:content_type_id>/<path:object_id>/                           LLLLL4444
get  admin/search/                                                              LLLLL2222
post admin/search/                                                              LLLLL2222
get  admin/tickets/category/                                                    LLLLLFFF2
get  admin/tickets/category/<path:object_id>/                                   LLLLL3333
get  admin/tickets/category/<path:object_id>/change/                            LLLLLFFF2
post admin/tickets/category/<path:object_id>/change/                            LLLLLFFF2
get  admin/tickets/category/<path:object_id>/delete/                            LLLLLFFFF
post admin/tickets/category/<path:object_id>/delete/                            LLLLLFFFF
get  admin/tickets/category/<path:object_id>/history/                           LLLLLFFF2
get  admin/tickets/category/add/                                                LLLLLFFF2
post admin/tickets/category/add/                                                LLLLLFFF2
get  admin/tickets/priorityrule/                                                LLLLLFFF2
get  admin/tickets/priorityrule/<path:object_id>/                               LLLLL3333
get  admin/tickets/priorityrule/<path:object_id>/change/                        LLLLLFFF2
post admin/tickets/priorityrule/<path:object_id>/change/                        LLLLLFFF2
get  admin/tickets/priorityrule/<path:object_id>/delete/                        LLLLLFFFF
post admin/tickets/priorityrule/<path:object_id>/delete/                        LLLLLFFFF
get  admin/tickets/priorityrule/<path:object_id>/history/                       LLLLLFFF2
get  admin/tickets/priorityrule/add/                                            LLLLLFFFF
post admin/tickets/priorityrule/add/                                            LLLLLFFFF
get  admin/tickets/status/                                                      LLLLLFFF2
get  admin/tickets/status/<path:object_id>/                                     LLLLL3333
get  admin/tickets/status/<path:object_id>/change/                              LLLLLFFF2
post admin/tickets/status/<path:object_id>/change/                              LLLLLFFF2
get  admin/tickets/status/<path:object_id>/delete/                              LLLLLFFFF
post admin/tickets/status/<path:object_id>/delete/                              LLLLLFFFF
get  admin/tickets/status/<path:object_id>/history/                             LLLLLFFF2
get  admin/tickets/status/add/                                                  LLLLLFFF2
post admin/tickets/status/add/                                                  LLLLLFFF2
get  admin/tickets/ticket/                                                      LLLLL2222
post admin/tickets/ticket/                                                      LLLLL5555
get  admin/tickets/ticket/<int:pk>/<slug:panel>/do/                             LLLLL2442
post admin/tickets/ticket/<int:pk>/<slug:panel>/do/                             LLLLL3443
get  admin/tickets/ticket/<int:pk>/article/                                     LLLLL2442
post admin/tickets/ticket/<int:pk>/article/                                     LLLLL3443
get  admin/tickets/ticket/<int:pk>/change/                                      LLLLL2442
post admin/tickets/ticket/<int:pk>/change/                                      LLLLL5555
get  admin/tickets/ticket/<int:pk>/draft/                                       LLLLL5555
post admin/tickets/ticket/<int:pk>/draft/                                       LLLLL3443
get  admin/tickets/ticket/<int:pk>/here/                                        LLLLL5555
post admin/tickets/ticket/<int:pk>/here/                                        LLLLL0440
get  admin/tickets/ticket/<int:pk>/news/                                        LLLLL2442
post admin/tickets/ticket/<int:pk>/news/                                        LLLLL5555
get  admin/tickets/ticket/<int:pk>/people/                                      LLLLL2442
post admin/tickets/ticket/<int:pk>/people/                                      LLLLL5555
get  admin/tickets/ticket/<int:pk>/preview/                                     LLLLL5555
post admin/tickets/ticket/<int:pk>/preview/                                     LLLLL2442
get  admin/tickets/ticket/<int:pk>/replies/                                     LLLLL2442
post admin/tickets/ticket/<int:pk>/replies/                                     LLLLL3443
get  admin/tickets/ticket/<int:pk>/send/                                        LLLLL5555
post admin/tickets/ticket/<int:pk>/send/                                        LLLLL0440
get  admin/tickets/ticket/<int:pk>/undo/                                        LLLLL5555
post admin/tickets/ticket/<int:pk>/undo/                                        LLLLL9449
get  admin/tickets/ticket/<int:pk>/write/                                       LLLLL3443
post admin/tickets/ticket/<int:pk>/write/                                       LLLLL3443
get  admin/tickets/ticket/add/                                                  LLLLL2222
post admin/tickets/ticket/add/                                                  LLLLL2222
get  admin/tickets/ticket/bulk/                                                 LLLLL5555
post admin/tickets/ticket/bulk/                                                 LLLLL3333
get  admin/tickets/ticket/hour/                                                 LLLLL2222
post admin/tickets/ticket/hour/                                                 LLLLL5555
get  admin/tickets/ticket/people/                                               LLLLL2222
post admin/tickets/ticket/people/                                               LLLLL5555
get  admin/tickets/ticket/pulse/                                                LLLLL2222
post admin/tickets/ticket/pulse/                                                LLLLL5555
get  admin/tickets/ticket/views/                                                LLLLL2222
post admin/tickets/ticket/views/                                                LLLLL3333
get  admin/webhooks/endpoint/                                                   LLLLLFFF2
get  admin/webhooks/endpoint/<path:object_id>/                                  LLLLL3333
get  admin/webhooks/endpoint/<path:object_id>/change/                           LLLLLFFF2
post admin/webhooks/endpoint/<path:object_id>/change/                           LLLLLFFF2
get  admin/webhooks/endpoint/<path:object_id>/delete/                           LLLLLFFFF
post admin/webhooks/endpoint/<path:object_id>/delete/                           LLLLLFFFF
get  admin/webhooks/endpoint/<path:object_id>/history/                          LLLLLFFF2
get  admin/webhooks/endpoint/<path:object_id>/ping/                             LLLLLFFF2
post admin/webhooks/endpoint/<path:object_id>/ping/                             LLLLLFFF2
get  admin/webhooks/endpoint/<path:object_id>/rotate/                           LLLLLFFF2
post admin/webhooks/endpoint/<path:object_id>/rotate/                           LLLLLFFF2
get  admin/webhooks/endpoint/<path:object_id>/switch/                           LLLLLFFF2
post admin/webhooks/endpoint/<path:object_id>/switch/                           LLLLLFFF2
get  admin/webhooks/endpoint/add/                                               LLLLLFFF2
post admin/webhooks/endpoint/add/                                               LLLLLFFF2
get  admin/webhooks/webhookdelivery/                                            LLLLLFFF2
get  admin/webhooks/webhookdelivery/<path:object_id>/                           LLLLL3333
get  admin/webhooks/webhookdelivery/<path:object_id>/change/                    LLLLLFFF2
post admin/webhooks/webhookdelivery/<path:object_id>/change/                    LLLLLFFFF
get  admin/webhooks/webhookdelivery/<path:object_id>/delete/                    LLLLLFFFF
post admin/webhooks/webhookdelivery/<path:object_id>/delete/                    LLLLLFFFF
get  admin/webhooks/webhookdelivery/<path:object_id>/history/                   LLLLLFFF2
get  admin/webhooks/webhookdelivery/add/                                        LLLLLFFFF
post admin/webhooks/webhookdelivery/add/                                        LLLLLFFFF
get  api/me                                                                     KKKKKKKKK
post api/me                                                                     555555555
get  files/<str:ref>/                                                           L24422442
post files/<str:ref>/                                                           L55555555
get  looks/language/                                                            555555555
post looks/language/                                                            333333333
get  looks/theme/                                                               555555555
post looks/theme/                                                               333333333
get  help/                                                                      222222222
post help/                                                                      555555555
get  help/<slug:slug>/                                                          444442222
post help/<slug:slug>/                                                          555555555
get  help/articles/<slug:slug>/                                                 444442222
post help/articles/<slug:slug>/                                                 555555555
get  help/articles/<slug:slug>/rate/                                            555555555
post help/articles/<slug:slug>/rate/                                            444443333
get  help/images/<str:ref>/                                                     444442222
post help/images/<str:ref>/                                                     555555555
get  new/                                                                       L22222222
post new/                                                                       L55555555
get  new/<slug:slug>/                                                           L22222222
post new/<slug:slug>/                                                           L33333333
get  new/answered/                                                              L55555555
post new/answered/                                                              L44443333
get  new/other/                                                                 L22222222
post new/other/                                                                 L33333333
get  new/preview/                                                               L55555555
post new/preview/                                                               L22222222
get  new/read/<slug:slug>/                                                      L55555555
post new/read/<slug:slug>/                                                      L44442222
get  new/suggest/                                                               L55555555
post new/suggest/                                                               L22222222
get  notifications/                                                             L22222222
post notifications/                                                             L55555555
get  notifications/<int:pk>/                                                    L44444444
post notifications/<int:pk>/                                                    L55555555
get  notifications/bell/                                                        022222222
post notifications/bell/                                                        555555555
get  notifications/preferences/                                                 L22222222
post notifications/preferences/                                                 L33333333
get  notifications/read/                                                        L55555555
post notifications/read/                                                        L33333333
get  notifications/stop/<str:token>/                                            222222222
post notifications/stop/<str:token>/                                            222222222
get  outbox/                                                                    444444442
post outbox/                                                                    555555555
get  outbox/<slug:name>/                                                        444444444
post outbox/<slug:name>/                                                        555555555
get  outbox/<slug:name>/html/                                                   444444444
post outbox/<slug:name>/html/                                                   555555555
get  outbox/<slug:name>/source/                                                 444444444
post outbox/<slug:name>/source/                                                 555555555
get  rate/<str:token>/                                                          222222222
post rate/<str:token>/                                                          222222222
get  requests/                                                                  L22222222
post requests/                                                                  L55555555
get  requests/<str:ref>/                                                        L24422442
post requests/<str:ref>/                                                        L55555555
get  requests/<str:ref>/follow/                                                 L55555555
post requests/<str:ref>/follow/                                                 L34433443
get  requests/<str:ref>/news/                                                   L24422442
post requests/<str:ref>/news/                                                   L55555555
get  requests/<str:ref>/rate/                                                   L55555555
post requests/<str:ref>/rate/                                                   L244FF44F
get  requests/<str:ref>/reopen/                                                 L55555555
post requests/<str:ref>/reopen/                                                 L94499449
get  requests/<str:ref>/reply/                                                  L24422442
post requests/<str:ref>/reply/                                                  L34433443
get  requests/<str:ref>/solve/                                                  L55555555
post requests/<str:ref>/solve/                                                  L34433443
get  styles/                                                                    444444444
post styles/                                                                    555555555
get  requests/<str:ref>/unfollow/                                               L55555555
post requests/<str:ref>/unfollow/                                               L34433443
get  search/                                                                    222222222
post search/                                                                    555555555
get  uploads/                                                                   L55555555
post uploads/                                                                   L22222222
get  uploads/confirm/                                                           L55555555
post uploads/confirm/                                                           L99999999
get  uploads/<str:ref>/remove/                                                  L55555555
post uploads/<str:ref>/remove/                                                  L22222222
"""
