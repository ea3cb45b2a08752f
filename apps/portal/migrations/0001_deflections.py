import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Deflection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visit', models.UUIDField()),
                ('article_id', models.BigIntegerField()),
                ('opened_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('', 'Not known yet'), ('said', 'They said that it answered them'), ('left', 'They left and asked nothing for a day'), ('passed', 'It did not end the visit')], default='', max_length=6)),
                ('settled_at', models.DateTimeField(null=True)),
                ('reader', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('settled_at', None)), fields=['opened_at'], name='deflection_due')],
                'constraints': [models.UniqueConstraint(fields=('visit', 'reader', 'article_id'), name='deflection_once_a_visit'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('settled_at', None)), models.Q(models.Q(('outcome', ''), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='deflection_settled_has_outcome')],
            },
        ),
    ]
