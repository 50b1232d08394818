"""Fails when a model has changed without a migration, or two migrations have the same parent. Needs no database."""

from __future__ import annotations

import os
import sys

import django
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.state import ProjectState


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
    django.setup()
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in ("airstair", "connect")}
    loader = MigrationLoader(None)
    questioner = NonInteractiveMigrationQuestioner(specified_apps=ours, dry_run=True, log=lambda words: None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps), questioner)
    problems = [
        f"{app}: {', '.join(sorted(names))} have the same parent. Merge them."
        for app, names in loader.detect_conflicts().items()
    ]
    problems += [
        f"{app}: it has models and no migrations. Begin them: .venv/bin/django-admin makemigrations {app}"
        for app in sorted(ours & loader.unmigrated_apps)
        if any(apps.get_app_config(app).get_models())
    ]
    for app, migrations in detector.changes(graph=loader.graph, trim_to_apps=ours).items():
        changes = "; ".join(operation.describe() for migration in migrations for operation in migration.operations)
        problems.append(f"{app}: {changes}. Write it down: .venv/bin/django-admin makemigrations {app}")
    for problem in problems:
        sys.stderr.write(f"Missing migration in {problem}\n")
    if not problems:
        sys.stdout.write("Migrations: every model has its own.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
