"""The table of what waits to be looked at."""

from __future__ import annotations

from django.db import models

from airstair.changes.keys import OperatorReference, of_operator


class PullStage(models.Model):
    """What one run has fetched, or a person handed in as a file, and nobody has taken in yet. Gone once it is."""

    pk = models.CompositePrimaryKey("operator_id", "run_id")
    operator_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    file = models.CharField(max_length=200, blank=True, default="")  # the name of the file, if it came as one
    complete = models.BooleanField(default=False)  # every page is there
    items = models.BinaryField(default=b"")  # MessagePack: a list of the add-on's items

    class Meta:
        app_label = "hub"
        db_table = "hub_pull_stage"
        constraints = [
            of_operator("hub_pull_stage"),
            OperatorReference(name="hub_pull_stage_run", field="run_id", to="hub_pull_run", cascade=True),
        ]
