from __future__ import annotations

from django.db import migrations, models

import airstair.changes.keys


class Migration(migrations.Migration):
    dependencies = [("hub", "0004_doors")]

    operations = [
        migrations.AddField(model_name="pullstate", name="first_day", field=models.DateField(null=True)),
        migrations.AddField(model_name="pullstate", name="last_day", field=models.DateField(null=True)),
        migrations.CreateModel(
            name="PullStage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "operator_id", "run_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("operator_id", models.BigIntegerField()),
                ("run_id", models.BigIntegerField()),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("file", models.CharField(blank=True, default="", max_length=200)),
                ("complete", models.BooleanField(default=False)),
                ("items", models.BinaryField(default=b"")),
            ],
            options={
                "db_table": "hub_pull_stage",
                "constraints": [
                    airstair.changes.keys.OperatorReference(
                        field="operator_id", name="hub_pull_stage_operator", to="operators_operator", whole=True
                    ),
                    airstair.changes.keys.OperatorReference(
                        cascade=True, field="run_id", name="hub_pull_stage_run", to="hub_pull_run"
                    ),
                ],
            },
        ),
    ]
