from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "bryggan.insights"
    label = "insights"
