from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "connect.orders"
    label = "orders"
