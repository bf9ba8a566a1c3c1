from django.apps import AppConfig


class CurriculumConfig(AppConfig):
    name = "bryggan.curriculum"
    label = "curriculum"
