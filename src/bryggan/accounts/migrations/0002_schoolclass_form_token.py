from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="schoolclass",
            name="form_token",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
    ]
