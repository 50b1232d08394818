from django.db import migrations, models

import airstair.changes.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [("operators", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Window",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "operator_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("operator_id", models.BigIntegerField()),
                ("id", models.BigIntegerField(db_default=airstair.changes.keys.NextId())),
                ("caller", models.CharField(max_length=80)),
                ("seconds", models.PositiveIntegerField()),
                ("began", models.DateTimeField()),
                ("asked", models.PositiveIntegerField()),
            ],
            options={"db_table": "budgets_window"},
        ),
        migrations.AddConstraint(
            model_name="window",
            constraint=airstair.changes.keys.of_operator("budgets_window"),
        ),
        migrations.AddConstraint(
            model_name="window",
            constraint=models.UniqueConstraint(fields=("operator_id", "caller", "seconds"), name="budgets_window_once"),
        ),
    ]
