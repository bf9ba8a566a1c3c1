"""Addresses of sign-in, account and classes. Included at the root."""

from __future__ import annotations

from django.urls import path

from bryggan.web.accounts import account, classes, sign_in

urlpatterns = [
    # Two names for one address: Django and allauth ask for the first, allauth also for the second.
    path("konto/logga-in", sign_in.sign_in, name="account_login"),
    path("konto/logga-in", sign_in.sign_in, name="account_request_login_code"),
    path("konto/logga-in/kod", sign_in.confirm_code, name="account_confirm_login_code"),
    path("konto/logga-ut", sign_in.sign_out, name="account_logout"),
    path("konto/", account.account, name="account"),
    path("konto/skola", account.choose_school, name="choose_school"),
    path("konto/skola/<int:pk>/lamna", account.leave_school, name="leave_school"),
    path("konto/kollegor/<int:pk>", account.decide_membership, name="decide_membership"),
    path("redaktion/larare", account.waiting_teachers, name="waiting_teachers"),
    path("klasser", classes.class_list, name="classes"),
    path("klasser/ny", classes.new_class, name="school_class_new"),
    path("klasser/<int:pk>", classes.one_class, name="school_class"),
    path("klasser/<int:pk>/andra", classes.change_class, name="school_class_change"),
    path("klasser/<int:pk>/lagg-undan", classes.archive_class, name="school_class_archive"),
    path("klasser/<int:pk>/larare", classes.add_teacher, name="school_class_add_teacher"),
]
