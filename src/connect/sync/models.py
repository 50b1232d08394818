"""The tables of a connection to a schedule system, and of what it was told. Written by `commands` only."""

from __future__ import annotations

from django.db import models

from connect.parties.models import Organisation


class Connection(models.Model):
    """One operator's connection. It serves all of its subsidiaries."""

    OFF, WORKING, FAILED = "off", "working", "failed"

    operator = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="connection")
    enabled = models.BooleanField(default=False)
    """The administrator's check box."""
    base_url = models.CharField(max_length=200, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    client_secret = models.TextField(blank=True)
    access_token = models.TextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_token = models.TextField(blank=True)
    """These three and the verifier are sealed."""
    oauth_state = models.CharField(max_length=100, blank=True)
    oauth_verifier = models.TextField(blank=True)
    """Of an authorisation that somebody has begun and not finished."""
    state = models.CharField(max_length=10, default=OFF)
    cursors = models.JSONField(default=dict)
    heard_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failed_why = models.CharField(max_length=400, blank=True)
    warned_at = models.DateTimeField(null=True)
    """When the admin was mailed about the failure that lasts."""
    hook = models.CharField(max_length=64, null=True, unique=True)
    """The end of the address at which the schedule system calls when something is new; none until it was told one."""
    hook_secret = models.TextField(blank=True)
    """What those calls are signed with. Sealed."""
    hook_remote = models.BigIntegerField(null=True)
    """The webhook's id there."""


class Told(models.Model):
    """What the schedule system last accepted of one service of one flight. The difference to it is what is sent."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="told")
    nid = models.BigIntegerField()
    service = models.CharField(max_length=60)
    designation = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "nid", "service"], name="told_once")]
