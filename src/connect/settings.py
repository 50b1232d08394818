"""Connect's settings for Django. Everything that differs between machines comes from the environment.

CONNECT_DATABASE_URL   postgresql://user:password@host:port/name
CONNECT_SECRET_KEY     signs sessions and encrypts tokens
CONNECT_URL            where people find Connect; links in notes begin with it
CONNECT_AIRSTAIR_URL   the schedule system that a new connection proposes
CONNECT_HOSTS          comma-separated host names that the pages answer to
CONNECT_POLL_SECONDS   how often the schedule system is asked what is new
CONNECT_EMAIL_URL      smtp://user:password@host:port; without it mail is written to files in CONNECT_HOME/mail
CONNECT_HOME           the folder for those files and for the key that is made when none is given
CONNECT_LOG            the least severity that is logged
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("CONNECT_HOME", ".connect")).resolve()

SECRET_KEY = os.environ.get("CONNECT_SECRET_KEY", "")
if not SECRET_KEY:
    _key_file = HOME / "secret.key"
    # Without a key nothing can be signed; commands that need none (help, checks) still work.
    SECRET_KEY = _key_file.read_text().strip() if _key_file.is_file() else "no-home-yet-" + os.urandom(24).hex()
DEBUG = os.environ.get("CONNECT_DEBUG", "") == "1"
ALLOWED_HOSTS = os.environ.get("CONNECT_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
URL = os.environ.get("CONNECT_URL", "http://127.0.0.1:8950").rstrip("/")
AIRSTAIR_URL = os.environ.get("CONNECT_AIRSTAIR_URL", "http://127.0.0.1:8000").rstrip("/")
# A schedule system answers 54,000 calls a day: asked this often, some 3,000 are left for telling it something.
POLL_SECONDS = float(os.environ.get("CONNECT_POLL_SECONDS", "1.7"))

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "connect.parties",
    "connect.flights",
    "connect.orders",
    "connect.sync",
    "connect.pages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "connect.pages.security.PageHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "connect.urls"
WSGI_APPLICATION = "connect.wsgi.application"
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
            ],
        },
    }
]


def database_from(url: str) -> dict[str, object]:
    """Django's words for a postgresql:// address."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "connect",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,  # after a restart of the database no request meets a dead connection
        "OPTIONS": {"connect_timeout": 10},
    }


DATABASE_URL = os.environ.get("CONNECT_DATABASE_URL", "postgresql://connect@127.0.0.1:5432/connect")
DATABASES = {"default": database_from(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "parties.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
# Cookies know no ports: beside another program on the same host, each needs names of its own.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "connect_session", "connect_csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [URL] if HTTPS else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

DEFAULT_FROM_EMAIL = os.environ.get("CONNECT_EMAIL_FROM", "connect@localhost")
if _email_url := os.environ.get("CONNECT_EMAIL_URL", ""):
    _mail = urlsplit(_email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"httpx": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": os.environ.get("CONNECT_LOG", "WARNING")},
}
