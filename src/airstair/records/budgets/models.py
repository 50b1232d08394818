"""The table of windows: one row for each program and length of window."""

from __future__ import annotations

from django.db import models

from airstair.changes.keys import OperatorRow, of_operator


class Window(OperatorRow):
    """A time that began with a request, and how many have come in it."""

    caller = models.CharField(max_length=80)
    seconds = models.PositiveIntegerField()  # its length
    began = models.DateTimeField()
    asked = models.PositiveIntegerField()

    class Meta:
        db_table = "budgets_window"
        constraints = [
            of_operator("budgets_window"),
            models.UniqueConstraint(fields=("operator_id", "caller", "seconds"), name="budgets_window_once"),
        ]
