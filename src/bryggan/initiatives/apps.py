from django.apps import AppConfig


class InitiativesConfig(AppConfig):
    name = "bryggan.initiatives"
    label = "initiatives"
