"""Django's settings. Everything that differs between machines comes from the environment.

AIRSTAIR_DATABASE_URL  postgresql://user:password@host:port/name
AIRSTAIR_SECRET_KEY    signs sessions and encrypts partners' secrets
AIRSTAIR_HOSTS         comma-separated host names the pages answer to
AIRSTAIR_LIVE_URL      where browsers find the live stream, when it is not next to the pages
AIRSTAIR_CONNECT_URL   where Connect of this installation listens; webhooks may call it there, though it is private
AIRSTAIR_EMAIL_URL     smtp://user:password@host:port; without it mail is written to files in the home
AIRSTAIR_LOG_FORMAT    json or text; without it text on a terminal, JSON elsewhere
AIRSTAIR_METRICS_TOKEN lets a scraper read /metrics from other machines
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airstair.changes.keepalive import OWN_END, SERVER_END

PACKAGE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("AIRSTAIR_HOME", ".airstair")).resolve()

SECRET_KEY = os.environ.get("AIRSTAIR_SECRET_KEY", "")
if not SECRET_KEY:
    key_file = HOME / "secret.key"
    # Without a key nothing can be signed; commands that need none (help, checks) still work.
    SECRET_KEY = key_file.read_text().strip() if key_file.is_file() else "no-home-yet-" + os.urandom(24).hex()
DEBUG = os.environ.get("AIRSTAIR_DEBUG", "") == "1"
ALLOWED_HOSTS = os.environ.get("AIRSTAIR_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
LIVE_URL = os.environ.get("AIRSTAIR_LIVE_URL", "")
SANDBOX_URL = os.environ.get("AIRSTAIR_SANDBOX_URL", "http://127.0.0.1:8900")
CONNECT_URL = os.environ.get("AIRSTAIR_CONNECT_URL", "")
METRICS_TOKEN = os.environ.get("AIRSTAIR_METRICS_TOKEN", "")
ALLOW_PRIVATE_ADDRESSES = os.environ.get("AIRSTAIR_ALLOW_PRIVATE_ADDRESSES", "") == "1"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "procrastinate.contrib.django",
    "airstair.changes",
    "airstair.records.operators",
    "airstair.records.access",
    "airstair.records.places",
    "airstair.records.fleet",
    "airstair.records.flights",
    "airstair.records.people",
    "airstair.records.endorsements",
    "airstair.records.crewing",
    "airstair.records.checklist",
    "airstair.records.budgets",
    "airstair.hub",
    "airstair.hub.webhooks",
    "airstair.api.leon",
    "airstair.web",
]
MIDDLEWARE = [
    "airstair.web.probes.Probes",  # before all that looks at hosts, sessions or the database
    "airstair.web.watching.Watched",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "airstair.api.partners.entrance.PartnerEntrance",  # before all that knows of sessions
    "airstair.web.security.PageHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "airstair.web.scope.OperatorScope",
    "airstair.api.rest.entrance.ApiEntrance",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "airstair.urls"
WSGI_APPLICATION = "airstair.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "airstair.web.addons.notices.banner",
            ],
        },
    }
]


def database_from(url: str) -> dict[str, object]:
    """Django's words for a postgresql:// address."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "airstair",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,  # after a restart of the database no request meets a dead connection
        # The pool keeps connections between requests; CONN_MAX_AGE would exhaust the server under ASGI.
        # Compiling a plan takes PostgreSQL longer than our widest reading does; so it is told not to.
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
            "options": f"-c jit=off {SERVER_END}",
            **OWN_END,
        },
    }


DATABASE_URL = os.environ.get("AIRSTAIR_DATABASE_URL", "postgresql://airstair@127.0.0.1:5432/airstair")
DATABASES = {"default": database_from(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "operators.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Behind a proxy that speaks https to browsers and http to us.
HTTPS = os.environ.get("AIRSTAIR_HTTPS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"] if HTTPS else []
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

DEFAULT_FROM_EMAIL = os.environ.get("AIRSTAIR_EMAIL_FROM", "airstair@localhost")
if email_url := os.environ.get("AIRSTAIR_EMAIL_URL", ""):
    _mail = urlsplit(email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 30  # seconds: a mail server that hangs must not keep the watchman for ever
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "airstair.logs.Formatter", "style": os.environ.get("AIRSTAIR_LOG_FORMAT", "")}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "authlib": {"level": "INFO"},  # below that it writes down tokens
    },
    "root": {"handlers": ["console"], "level": os.environ.get("AIRSTAIR_LOG", "INFO")},
}
