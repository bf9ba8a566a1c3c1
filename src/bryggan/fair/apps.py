from django.apps import AppConfig


class FairConfig(AppConfig):
    name = "bryggan.fair"
    label = "fair"
