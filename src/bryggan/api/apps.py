from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "bryggan.api"
    label = "api"
