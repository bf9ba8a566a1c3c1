from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "bryggan.config"
    label = "config"
