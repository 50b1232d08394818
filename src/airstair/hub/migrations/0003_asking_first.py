from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hub", "0002_post_and_pull")]

    operations = [
        migrations.AddField(
            model_name="ledgerrow",
            name="bodies",
            field=django.contrib.postgres.fields.ArrayField(models.BinaryField(), null=True),
        ),
        migrations.AddField(model_name="ledgerrow", name="question", field=models.BinaryField(null=True)),
        migrations.AddField(model_name="ledgerrow", name="approved", field=models.BinaryField(null=True)),
    ]
