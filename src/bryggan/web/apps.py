from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bryggan.web"
    label = "web"
