from django.apps import AppConfig


class AlignmentConfig(AppConfig):
    name = "bryggan.alignment"
    label = "alignment"
