import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Place',
            fields=[
                ('team_id', models.BigIntegerField(default=0)),
                ('assignee_id', models.BigIntegerField(default=0)),
                ('category_id', models.BigIntegerField(default=0)),
                ('status_category', models.CharField(max_length=10)),
                ('priority', models.PositiveSmallIntegerField()),
                ('is_major', models.BooleanField(default=False)),
                ('is_waiting', models.BooleanField(default=False)),
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='tickets.ticket')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('user_id', models.BigIntegerField()),
                ('deed', models.CharField(choices=[('solved', 'Solved'), ('replied', 'Replied'), ('taken', 'Taken')], max_length=10)),
                ('count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user_id', 'day', 'deed'), name='day_count_once')],
            },
        ),
        migrations.CreateModel(
            name='DeskPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_view', models.CharField(blank=True, max_length=20)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('reply', 'Reply'), ('note', 'Work note')], max_length=5)),
                ('text', models.TextField(blank=True)),
                ('used', models.JSONField(default=list)),
                ('notice', models.CharField(blank=True, choices=[('', ''), ('undone', 'You took this reply back.'), ('answered', 'Not sent: there was a new message before it left. Read it first.'), ('merged', 'Not sent: the ticket was merged into another one. Write there.'), ('final', 'Not sent: the ticket was closed for good before it left.'), ('refused', 'Not sent: the ticket no longer allowed it. Check the status.')], max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField()),
                ('seen', models.BigIntegerField(default=0)),
                ('submission', models.UUIDField(null=True, unique=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('status', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.status')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at', 'id'], name='draft_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('due_at', None)), fields=('ticket', 'author', 'kind'), name='draft_one_resting'), models.CheckConstraint(condition=models.Q(models.Q(('due_at', None), ('submission', None)), models.Q(('due_at__isnull', False), ('kind', 'reply'), ('submission__isnull', False)), _connector='OR'), name='draft_on_its_way_is_a_reply')],
            },
        ),
        migrations.CreateModel(
            name='DraftFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('scan', models.CharField(choices=[('pending', 'Not checked yet'), ('clean', 'Checked'), ('quarantined', 'Held back')], db_default='pending', default='pending', max_length=11)),
                ('finding', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='desk.draft')),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.message')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user', '-id'], name='mention_user')],
                'constraints': [models.UniqueConstraint(fields=('message', 'user'), name='mention_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=80, verbose_name='title')),
                ('shortcut', models.SlugField(blank=True, help_text='A word to find it by: type / and the word.', max_length=30, verbose_name='shortcut')),
                ('body', models.TextField(max_length=10000, verbose_name='text')),
                ('scope', models.CharField(choices=[('personal', 'Only me'), ('team', 'A team'), ('global', 'Everybody on the desk')], default='personal', max_length=10, verbose_name='scope')),
                ('used_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='used')),
                ('archived', models.BooleanField(default=False, help_text='No longer offered.', verbose_name='archived')),
                ('created_at', models.DateTimeField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'saved reply',
                'verbose_name_plural': 'saved replies',
                'ordering': ['title', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('owner__isnull', False), ('scope', 'personal'), ('team', None)), models.Q(('owner', None), ('scope', 'team'), ('team__isnull', False)), models.Q(('owner', None), ('scope', 'global'), ('team', None)), _connector='OR'), name='saved_reply_belongs_to_its_scope'), models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True)), name='saved_reply_says_something')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('sharing', models.CharField(choices=[('nobody', 'Only me'), ('teams', 'Some teams'), ('everybody', 'Everybody on the desk')], default='nobody', max_length=10)),
                ('filter', models.JSONField(default=dict)),
                ('order', models.CharField(default='activity', max_length=10)),
                ('icon', models.CharField(choices=[('filter_list', 'Filter'), ('star', 'Star'), ('flag', 'Flag'), ('bolt', 'Bolt'), ('hourglass_empty', 'Hourglass'), ('credit_card', 'Card'), ('shield', 'Shield'), ('group', 'People')], default='filter_list', max_length=20)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('teams', models.ManyToManyField(blank=True, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['position', 'id'],
                'indexes': [models.Index(condition=models.Q(('sharing', 'nobody'), _negated=True), fields=['sharing', 'position'], name='saved_view_shared')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_view_has_name')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team_id', models.BigIntegerField(default=0)),
                ('assignee_id', models.BigIntegerField(default=0)),
                ('category_id', models.BigIntegerField(default=0)),
                ('status_category', models.CharField(max_length=10)),
                ('priority', models.PositiveSmallIntegerField()),
                ('is_major', models.BooleanField(default=False)),
                ('is_waiting', models.BooleanField(default=False)),
                ('count', models.IntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'tallies',
                'indexes': [models.Index(condition=models.Q(('count__gt', 0)), fields=['assignee_id'], name='tally_assignee')],
                'constraints': [models.UniqueConstraint(fields=('team_id', 'assignee_id', 'category_id', 'status_category', 'priority', 'is_major', 'is_waiting'), name='tally_once')],
            },
        ),
    ]
