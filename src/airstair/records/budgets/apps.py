from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "airstair.records.budgets"
    label = "budgets"
