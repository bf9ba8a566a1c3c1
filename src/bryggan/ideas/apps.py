from django.apps import AppConfig


class IdeasConfig(AppConfig):
    name = "bryggan.ideas"
    label = "ideas"
