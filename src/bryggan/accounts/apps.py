from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bryggan.accounts"
    label = "accounts"
