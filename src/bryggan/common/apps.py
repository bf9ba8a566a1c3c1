from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "bryggan.common"
    label = "common"
