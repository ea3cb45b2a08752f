"""The one settings file. Every backing service is one variable, whose scheme picks the adapter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from apps.ops import broker
from apps.ops.broker.queues import QUEUES, SOFT_SECONDS
from project import database, env, files, logs, mail
from project.build import build_of
from project.secrets import embedded_secret_key

# Where things are

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")  # what the embedded defaults keep

# What this desk is

DEMO = env.flag("DEMO", default=False)  # shows the demo's sign-ins and its mail to anybody
DEBUG = env.flag("DEBUG", default=False)
DESK_NAME = env.text("DESK_NAME", "Tendril")
# Which build this process runs: logs and figures name it.
BUILD = env.text("BUILD", build_of(BASE_DIR))[:100]
# Names this desk among others of an account, as its stacks do.
STAGE = env.text("STAGE", os.environ.get("SSM_PREFIX", "").rpartition("/")[2] or "local")
# A worker serves what the queue's poster brings it; nobody else may reach that page.
ROLE = env.choice("ROLE", "web", allowed=["web", "worker"])
# Where gunicorn listens and nginx asks. Beanstalk reads it among its properties, and so do we.
PORT = env.number("PORT", 8000, least=1, most=65535)
# Where people reach the desk: links in mail and Message-IDs are made from it.
SITE_URL = env.text("SITE_URL", "http://localhost:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or "localhost"

# Database

DATABASE_URL = env.server(
    "DATABASE_URL",
    f"sqlite:///{VAR_DIR / 'desk.sqlite3'}",
    schemes={"sqlite": "", "postgresql": "postgresql://USER:PASSWORD@HOST:PORT/NAME"},
)
EMBEDDED = urlsplit(DATABASE_URL).scheme == "sqlite"
_database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL))
if EMBEDDED:
    # IMMEDIATE: a transaction that reads and then writes queues for the lock instead of failing.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # In a file, as the desk has it: SQLite's memory knows no waiting for a lock.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
else:
    _database = database.postgresql(_database)
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Secrets

SECRET_KEY = env.text("SECRET_KEY", "")
if not SECRET_KEY:
    if not EMBEDDED:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set: give every instance of the desk the same long random text"
        )
    SECRET_KEY = embedded_secret_key(VAR_DIR)

# What was signed with them is still good: while SECRET_KEY is being changed (ADR 37).
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", [])

# Cache

# "shared" is for what every process must see, such as who is here (ADR 29). Memory is fast, but
# each web process has its own: the database stands in where there is no Redis.
CACHE_URL = env.server(
    "CACHE_URL",
    "memory:",
    schemes={"memory": "", "redis": "redis://HOST:PORT/0", "rediss": "rediss://HOST:PORT/0"},
)
_in_database = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "shared_cache",
    "OPTIONS": {"MAX_ENTRIES": 10_000},
}
if CACHE_URL.startswith("memory:"):
    CACHES = {"default": {"BACKEND": "apps.ops.caches.MemoryCache"}, "shared": _in_database}
    # A session in one process's memory would outlive a sign-out elsewhere.
    SESSION_ENGINE = "apps.accounts.sessions"
else:
    _redis = {"BACKEND": "apps.ops.caches.redis.RedisCache", "LOCATION": CACHE_URL}
    CACHES = {"default": _redis, "shared": {**_redis, "KEY_PREFIX": "shared"}}
    SESSION_ENGINE = "apps.accounts.cached_sessions"
# What must happen once whichever cache there is, and though it be away (apps.kernel.caching).
CACHES["guards"] = {**_in_database, "KEY_PREFIX": "guards"}

# Statuses, categories and the like: how old each process's copy of them may be (ADR 32).
KEPT_SECONDS = env.number("KEPT_SECONDS", 5, least=0, most=60)

# Files

FILES_URL = env.service("FILES_URL", f"file:{VAR_DIR / 'files'}", schemes=["file", "s3"])
_files = files.read("FILES_URL", FILES_URL)
STORAGES = {
    "default": _files.storage,
    "staticfiles": {"BACKEND": "apps.ops.assets.Assets"},
}
# Who looks at files before anybody opens them.
SCANNER_URL = env.service("SCANNER_URL", "rules:", schemes=["rules", "clamd"])
# The bucket and folder that the content network takes /static/ from (manage.py assets); None where
# the web processes serve it.
ASSETS_URL = env.text("ASSETS_URL", "")
ASSETS_BUCKET = files.bucket_of("ASSETS_URL", ASSETS_URL, allowed=set())[:2] if ASSETS_URL else None
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
ATTACHMENT_MAX_BYTES = env.number(
    "ATTACHMENT_MAX_BYTES", 20 * 1024 * 1024, least=1024, most=1024**3
)
ATTACHMENTS_PER_MESSAGE = env.number("ATTACHMENTS_PER_MESSAGE", 10, least=1, most=100)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = ATTACHMENTS_PER_MESSAGE + 1

# Mail

MAIL_URL = env.service(
    "MAIL_URL",
    f"folder:{VAR_DIR / 'mail'}",
    schemes=["folder", "smtp", "smtp+starttls", "smtps", "ses"],
)
_mail = urlsplit(MAIL_URL)
EMAIL_FILE_PATH = ""
if _mail.scheme == "ses":
    EMAIL_BACKEND = "apps.notifications.ses.SesBackend"
    mail.check_ses("MAIL_URL", MAIL_URL)
elif _mail.scheme == "folder":
    EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"
    EMAIL_FILE_PATH = _mail.path
else:
    _ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or _ports[_mail.scheme]
    # Passwords hold signs that a URL spells with a percent sign.
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
        unquote(_mail.username or ""),
        unquote(_mail.password or ""),
    )
    EMAIL_USE_TLS = _mail.scheme == "smtp+starttls"
    EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 20
INBOX_FOLDER = VAR_DIR / "inbox"  # what to read as mail, where no service brings it
# Mail that came in and was read is kept as it came for so long; 0: for ever.
INCOMING_MAIL_DAYS = env.number("INCOMING_MAIL_DAYS", 365, least=0, most=3650)
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"{DESK_NAME} <desk@{SITE_HOST}>")
MAIL_DOMAIN = env.text("MAIL_DOMAIN", SITE_HOST)  # the right side of our Message-IDs
NOTIFY_AFTER_SECONDS = env.number("NOTIFY_AFTER_SECONDS", 60, least=0, most=900)

# Jobs and facts

BROKER_URL = env.service(
    "BROKER_URL", f"lease://localhost{VAR_DIR / 'jobs.sqlite3'}", schemes=broker.SCHEMES
)
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 60, least=1, most=3600)
BUS_URL = env.service("BUS_URL", "database:", schemes=["database", "sns"])
STREAM_URL = env.service("STREAM_URL", f"lines:{VAR_DIR / 'stream'}", schemes=["lines", "kinesis"])
# Of this process and its build, for whoever watches the desk; FIGURES_URL has those that it shows.
METRICS_URL = env.service("METRICS_URL", "none:", schemes=["none", "lines", "emf", "emf+tcp"])
TRACES_URL = env.service("TRACES_URL", "none:", schemes=["none", "otlp+http", "otlp+https"])
FIGURES_URL = env.service("FIGURES_URL", "database:", schemes=["database", "dynamodb"])

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker.connection(
    BROKER_URL, lease=JOB_LEASE_SECONDS
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # a job is done when it is done, not when it is taken
# What fails comes again, and is given up where staff see it; a chore says otherwise (ADR 35).
CELERY_TASK_ACKS_ON_FAILURE = CELERY_TASK_ACKS_ON_TIMEOUT = False
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {name: {} for name in QUEUES}
CELERY_TASK_CREATE_MISSING_QUEUES = False
_queue_of = {
    "apps.notifications.tasks.compose_due": "mail",
    "apps.notifications.tasks.send_due": "mail",
    # They go through everything that the desk keeps. The Procfile has a worker for them alone.
    "apps.mail.tasks.find_unannounced": "heavy",
    "apps.mail.tasks.prune": "heavy",
    "apps.knowledge.tasks.discard_orphans": "heavy",
    "apps.notifications.tasks.prune": "heavy",
    "apps.ops.tasks.prune_journal": "heavy",
    "apps.ops.tasks.prune_sessions": "heavy",
    "apps.tickets.tasks.discard_orphans": "heavy",
}
CELERY_TASK_ROUTES = {task: {"queue": queue} for task, queue in _queue_of.items()}
CELERY_TASK_TIME_LIMIT = QUEUES["default"].seconds
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - SOFT_SECONDS
CELERY_TASK_ANNOTATIONS = {
    task: {
        "time_limit": QUEUES[queue].seconds,
        "soft_time_limit": QUEUES[queue].seconds - SOFT_SECONDS,
    }
    for task, queue in _queue_of.items()
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 2, least=1, most=64)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Seconds for what is under way when a deploy comes; what takes longer begins again elsewhere. The
# Procfile has SIGTERM mean SIGQUIT to the worker: only that one ends softly.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env.number("SOFT_SHUTDOWN_SECONDS", 30, least=1, most=280)
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"

# Webhooks

# Hosts, by name or address, that may be asked at private addresses and without TLS.
WEBHOOK_TRUSTED_HOSTS = frozenset(env.names("WEBHOOK_TRUSTED_HOSTS", []))
WEBHOOK_DISABLE_AFTER_DAYS = env.number("WEBHOOK_DISABLE_AFTER_DAYS", 5, least=1, most=60)

# Search

SEARCH_URL = env.service("SEARCH_URL", "database:", schemes=["database"])

# Tickets

REOPEN_WINDOW_DAYS = env.number("REOPEN_WINDOW_DAYS", 14, least=0, most=365)
# How long an agent may take a reply back after pressing “Send”; 0 sends at once.
UNDO_SEND_SECONDS = env.number("UNDO_SEND_SECONDS", 10, least=0, most=60)
CLOSE_PENDING_AFTER_DAYS = env.number("CLOSE_PENDING_AFTER_DAYS", 10, least=1, most=365)

RATING_AFTER_HOURS = env.number("RATING_AFTER_HOURS", 24, least=0, most=144)

# The application

ROOT_URLCONF = "project.worker_urls" if ROLE == "worker" else "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
INSTALLED_APPS = [
    "apps.ops",
    "apps.portal",
    "apps.desk",
    "apps.webhooks",
    "apps.insights",
    "apps.notifications",
    "apps.search",
    "apps.mail",
    "apps.tickets",
    "apps.knowledge",
    "apps.accounts",
    "apps.events",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "apps.ops.middleware.unkept",  # whoever answers that something went wrong
    "apps.ops.middleware.health",  # before host validation: balancers ask by address
    "apps.ops.middleware.request_context",
    "apps.ops.middleware.only_edge",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.ops.middleware.admin_policy",
    "apps.ops.middleware.readable_address",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.locality",
    "apps.accounts.middleware.vouched",
    "apps.accounts.middleware.devices",
    "apps.accounts.middleware.second_factor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.ops.middleware.htmx",
    "apps.ops.middleware.too_large",
    "apps.ops.middleware.domain_errors",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.ops.context.desk",
                "apps.notifications.context.unread",
            ],
        },
    },
]

# Sign-in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "apps.notifications.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.LoginForm",
    "signup": "apps.accounts.forms.SignupForm",
    "confirm_email_verification_code": "apps.accounts.forms.EmailCodeForm",
}
MFA_ADAPTER = "apps.accounts.factors.FactorsAdapter"
MFA_FORMS = {
    "authenticate": "apps.accounts.forms.SecondFactorForm",
    "activate_totp": "apps.accounts.forms.AppForm",
    "add_webauthn": "apps.accounts.forms.PasskeyForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
# Our own proxies before the desk: uncounted, all clients share one address and its limits.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0, least=0, most=5)
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # whoever owns an account hears of changes to it
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = DESK_NAME
# Whether staff reach the desk without a second factor. The demo's people have none to show.
STAFF_MFA = env.choice(
    "STAFF_MFA", "optional" if DEMO else "required", allowed=["required", "optional"]
)

# Who people are, where a provider says it (ADR 38); apps.accounts.identity.adapters says how the
# URL is written.
IDENTITY_URL = env.service(
    "IDENTITY_URL",
    "local:",
    schemes=["local", "cognito+https", "cognito+http", "oidc+https", "oidc+http"],
)
IDENTITY_SECRET = env.text("IDENTITY_SECRET", "")
IDENTITY_NAME = env.text("IDENTITY_NAME", "")  # on the button: "Sign in with …"
IDENTITY_GROUPS = env.pairs(
    "IDENTITY_GROUPS",
    "agent=agent,team-lead=team lead,administrator=administrator",
    values=["requester", "agent", "team lead", "administrator"],
)
# How long somebody whom the provider let in stays before it is asked again.
IDENTITY_SESSION_HOURS = env.number("IDENTITY_SESSION_HOURS", 12, least=1, most=336)
# Passwords and passkeys of the desk's own, beside a provider or instead of one.
LOCAL_ACCOUNTS = env.flag("LOCAL_ACCOUNTS", default=True)
if not LOCAL_ACCOUNTS and IDENTITY_URL == "local:":
    raise ImproperlyConfigured("LOCAL_ACCOUNTS=0: nobody could sign in; set IDENTITY_URL as well")
MFA_PASSKEY_LOGIN_ENABLED = LOCAL_ACCOUNTS
SOCIALACCOUNT_ADAPTER = "apps.accounts.oidc.adapter.Adapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # whom a provider lets in has proved the address
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "apps.accounts.oidc.provider.DeskProvider"}
}

# Security

ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", [SITE_HOST, "localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", [SITE_URL])
# What CloudFront shows with each request; empty where there is none before the desk.
ORIGIN_SECRET = env.text("ORIGIN_SECRET", "")
_https = SITE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^worker/$"]  # the queue's poster stands on the same machine
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _https else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_FAILURE_VIEW = "apps.ops.failures.stale_form"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_files.fetched_from],
        "font-src": [SELF],
        "connect-src": [SELF, *_files.sent_to],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}

# Language and time

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]  # each in its own words
FORMAT_MODULE_PATH = ["project.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# The admin

UNFOLD = {
    "SITE_TITLE": DESK_NAME,
    "SITE_HEADER": DESK_NAME,
    "SITE_SUBHEADER": _("Agent's desk"),
    "SITE_URL": reverse_lazy("home"),
    "SITE_SYMBOL": "support_agent",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("favicon.svg"),
        },
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Account"), "link": reverse_lazy("profile")},
            {"title": _("Notifications"), "link": reverse_lazy("notifications")},
        ],
    },
    "DASHBOARD_CALLBACK": "apps.desk.dashboard.callback",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [
        lambda _request: static("vendor/open-props-1.7.23/open-props.min.css"),
        lambda _request: static("css/tokens.css"),
        lambda _request: static("css/admin.css"),
        lambda _request: static("css/workspace.css"),
        lambda _request: static("css/availability.css"),
        lambda _request: static("css/side.css"),
        lambda _request: static("css/jobs.css"),
        lambda _request: static("css/doctor.css"),
    ],
    "BORDER_RADIUS": "8px",
    "COLORS": {  # static/css/tokens.css
        name: {
            str(weight): f"var(--{scale}-{weight})"
            for weight in (50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950)
        }
        for name, scale in (("primary", "leaf"), ("base", "stone"))
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [{"items": []}],  # so that it asks for our own: apps/ops/sidebar.py
    },
}

# Logging

LOGGING = logs.configuration()
