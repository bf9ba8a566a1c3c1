from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    name = "bryggan.invitations"
    label = "invitations"
