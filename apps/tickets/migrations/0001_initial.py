import apps.kernel.references
import apps.tickets.statuses
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='name in addresses')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('impact', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')], default=3, verbose_name='impact')),
                ('urgency', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')], default=2, verbose_name='urgency')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in the list')),
                ('archived', models.BooleanField(default=False, help_text='No longer offered; tickets keep it.', verbose_name='archived')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='tickets.category', verbose_name='parent')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.team', verbose_name='default team')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ['position', 'name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='category_not_its_own_parent')],
            },
        ),
        migrations.CreateModel(
            name='CategoryField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40, verbose_name='key')),
                ('label', models.CharField(max_length=80, verbose_name='label')),
                ('help_text', models.CharField(blank=True, max_length=200, verbose_name='hint')),
                ('kind', models.CharField(choices=[('text', 'Text'), ('long_text', 'Long text'), ('number', 'Number'), ('date', 'Date'), ('choice', 'One of a list'), ('flag', 'Yes or no')], max_length=10, verbose_name='kind')),
                ('required', models.BooleanField(default=False, verbose_name='required')),
                ('options', models.JSONField(blank=True, default=list, help_text="The list's entries.", verbose_name='entries')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in the list')),
                ('archived', models.BooleanField(default=False, verbose_name='archived')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='tickets.category', verbose_name='category')),
            ],
            options={
                'verbose_name': 'custom field',
                'verbose_name_plural': 'custom fields',
                'ordering': ['position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('category', 'key'), name='category_field_once')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visibility', models.CharField(choices=[('public', 'Public reply'), ('internal', 'Work note')], max_length=10)),
                ('direction', models.CharField(choices=[('in', 'From the customer'), ('out', 'From the desk')], max_length=3)),
                ('channel', models.CharField(choices=[('portal', 'Portal'), ('mail', 'Mail'), ('api', 'API'), ('voice', 'Voice'), ('agent', 'By an agent')], max_length=10)),
                ('is_automatic', models.BooleanField(default=False)),
                ('source', models.TextField()),
                ('form', models.CharField(choices=[('markdown', 'Markdown'), ('plain', 'Plain text')], max_length=10)),
                ('html', models.TextField()),
                ('sanitiser_version', models.PositiveSmallIntegerField()),
                ('message_id', models.CharField(max_length=250, null=True, unique=True)),
                ('in_reply_to', models.CharField(blank=True, max_length=250)),
                ('references', models.TextField(blank=True)),
                ('delivery', models.CharField(choices=[('none', 'Not mailed'), ('queued', 'Waiting to be mailed'), ('sent', 'Mailed'), ('failed', 'Could not be mailed'), ('bounced', 'Came back')], default='none', max_length=10)),
                ('submission', models.UUIDField(null=True, unique=True)),
                ('created_at', models.DateTimeField()),
                ('redacted_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('key', models.CharField(max_length=100, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('scan', models.CharField(choices=[('pending', 'Not checked yet'), ('clean', 'Checked'), ('quarantined', 'Held back')], default='pending', max_length=11)),
                ('finding', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('redacted_at', models.DateTimeField(null=True)),
                ('missing_at', models.DateTimeField(null=True)),
                ('scan_tries', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('scan_held_until', models.DateTimeField(null=True)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='tickets.message')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('missing_at', None), ('redacted_at', None), ('scan', 'pending')), fields=['scan_held_until', 'id'], name='attachment_scan_turns')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sha256__length', 64)), name='attachment_has_digest')],
            },
        ),
        migrations.CreateModel(
            name='PriorityRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('impact', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')], verbose_name='impact')),
                ('urgency', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')], verbose_name='urgency')),
                ('priority', models.PositiveSmallIntegerField(verbose_name='priority')),
            ],
            options={
                'verbose_name': 'priority rule',
                'verbose_name_plural': 'priority rules',
                'ordering': ['impact', 'urgency'],
                'constraints': [models.UniqueConstraint(fields=('impact', 'urgency'), name='priority_rule_once'), models.CheckConstraint(condition=models.Q(('priority__range', (1, 5))), name='priority_rule_in_range')],
            },
        ),
        migrations.CreateModel(
            name='Status',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='name in addresses')),
                ('agent_label', models.CharField(max_length=40, verbose_name='agents read')),
                ('customer_label', models.CharField(max_length=60, verbose_name='customers read')),
                ('category', models.CharField(choices=[('new', 'New'), ('open', 'Open'), ('pending', 'Pending'), ('on_hold', 'On hold'), ('scheduled', 'Scheduled'), ('resolved', 'Resolved'), ('closed', 'Closed'), ('cancelled', 'Cancelled'), ('spam', 'Spam'), ('merged', 'Merged')], max_length=10, verbose_name='meaning')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in the list')),
                ('is_default', models.BooleanField(default=False, help_text='The one that a ticket gets when it enters the category.', verbose_name='default')),
                ('archived', models.BooleanField(default=False, verbose_name='archived')),
            ],
            options={
                'verbose_name': 'status',
                'verbose_name_plural': 'statuses',
                'ordering': ['position', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('category',), name='status_one_default'), models.CheckConstraint(condition=models.Q(('is_default', False), ('archived', False), _connector='OR'), name='status_default_is_in_use')],
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('incident', 'Incident'), ('request', 'Request'), ('problem', 'Problem'), ('question', 'Question')], default='question', max_length=10)),
                ('subject', models.CharField(max_length=200)),
                ('status_category', models.CharField(choices=[('new', 'New'), ('open', 'Open'), ('pending', 'Pending'), ('on_hold', 'On hold'), ('scheduled', 'Scheduled'), ('resolved', 'Resolved'), ('closed', 'Closed'), ('cancelled', 'Cancelled'), ('spam', 'Spam'), ('merged', 'Merged')], max_length=10)),
                ('impact', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')])),
                ('urgency', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low')])),
                ('priority', models.PositiveSmallIntegerField()),
                ('priority_override', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('override_reason', models.CharField(blank=True, max_length=200)),
                ('is_major_incident', models.BooleanField(default=False)),
                ('custom', models.JSONField(default=dict)),
                ('channel', models.CharField(choices=[('portal', 'Portal'), ('mail', 'Mail'), ('api', 'API'), ('voice', 'Voice'), ('agent', 'By an agent')], max_length=10)),
                ('language', models.CharField(default='en', max_length=10)),
                ('submission', models.UUIDField(null=True, unique=True)),
                ('scheduled_until', models.DateTimeField(blank=True, null=True)),
                ('next_due_at', models.DateTimeField(blank=True, null=True)),
                ('waiting_since', models.DateTimeField(blank=True, null=True)),
                ('raised_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.category')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='tickets.ticket')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='tickets.ticket')),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('status', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.status')),
                ('status_before_merge', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.status')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
            ],
            options={
                'verbose_name': 'ticket',
                'verbose_name_plural': 'tickets',
            },
        ),
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('solved_at', models.DateTimeField()),
                ('requested_at', models.DateTimeField(null=True)),
                ('score', models.PositiveSmallIntegerField(choices=[(1, 'Very bad'), (2, 'Bad'), (3, 'Fair'), (4, 'Good'), (5, 'Very good')], null=True)),
                ('comment', models.TextField(blank=True)),
                ('given_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField(null=True)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ratings', to='tickets.ticket')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('ticket', 'solved_at'), name='rating_once_a_solving'), models.CheckConstraint(condition=models.Q(models.Q(('comment', ''), ('given_at', None), ('score', None)), models.Q(('given_at__isnull', False), ('score__range', (1, 5))), _connector='OR'), name='rating_is_given_or_empty')],
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('can_reply', models.BooleanField(default=True)),
                ('source', models.CharField(choices=[('self', 'Joined by themselves'), ('agent', 'Added by an agent'), ('requester', 'Added by the requester'), ('mail', 'Copied in a mail'), ('merge', 'Came with a merged ticket')], max_length=10)),
                ('added_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('came_with', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participants', to='tickets.ticket')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('user__isnull', False)), fields=['user', 'ticket'], name='participant_tickets')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('user__isnull', False)), models.Q(('user', None), models.Q(('address', ''), _negated=True)), _connector='OR'), name='participant_is_user_or_address'), models.UniqueConstraint(condition=models.Q(('user__isnull', False)), fields=('ticket', 'user'), name='participant_user'), models.UniqueConstraint(condition=models.Q(('address', ''), _negated=True), fields=('ticket', 'address'), name='participant_address')],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='ticket',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='tickets.ticket'),
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('duplicates', 'duplicates'), ('relates', 'relates to'), ('blocks', 'blocks'), ('caused_by', 'was caused by'), ('follows', 'follows up')], max_length=10)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links_out', to='tickets.ticket')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links_in', to='tickets.ticket')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'target', 'kind'), name='link_once'), models.CheckConstraint(condition=models.Q(('source', models.F('target')), _negated=True), name='link_not_to_itself')],
            },
        ),
        migrations.CreateModel(
            name='TicketTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.tag')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('ticket', 'tag'), name='ticket_tag_once')],
            },
        ),
        migrations.AddField(
            model_name='ticket',
            name='tags',
            field=models.ManyToManyField(related_name='+', through='tickets.TicketTag', to='tickets.tag'),
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('key', models.CharField(max_length=100, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('scan', models.CharField(choices=[('pending', 'Not checked yet'), ('clean', 'Checked'), ('quarantined', 'Held back')], db_default='pending', default='pending', max_length=11)),
                ('finding', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('arrival', models.CharField(max_length=100, null=True, unique=True)),
                ('created_at', models.DateTimeField()),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='upload_abandoned')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sha256__length', 64)), name='upload_has_digest')],
            },
        ),
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
            ],
            options={
                'verbose_name_plural': 'waiting tickets',
                'ordering': ['since', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['ticket', 'created_at', 'id'], name='message_conversation'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['-updated_at', '-id'], name='ticket_active'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['team', '-updated_at', '-id'], name='ticket_active_team'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['assignee', '-updated_at', '-id'], name='ticket_active_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['priority', '-updated_at', '-id'], name='ticket_active_priority'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['raised_at', 'id'], name='ticket_active_raised'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('next_due_at__isnull', False), ('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['next_due_at', 'id'], name='ticket_active_due'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']]), ('waiting_since__isnull', False)), fields=['waiting_since', 'id'], name='ticket_active_waiting'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']]), ('waiting_since__isnull', False)), fields=['assignee', 'waiting_since', 'id'], name='ticket_waiting_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('next_due_at__isnull', False), ('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['assignee', 'next_due_at', 'id'], name='ticket_due_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('assignee', None), ('status_category__in', [apps.tickets.statuses.StatusCategory['NEW'], apps.tickets.statuses.StatusCategory['ON_HOLD'], apps.tickets.statuses.StatusCategory['OPEN'], apps.tickets.statuses.StatusCategory['PENDING'], apps.tickets.statuses.StatusCategory['SCHEDULED']])), fields=['team', 'raised_at', 'id'], name='ticket_unassigned_team'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category__in', [apps.tickets.statuses.StatusCategory['CANCELLED'], apps.tickets.statuses.StatusCategory['CLOSED'], apps.tickets.statuses.StatusCategory['MERGED'], apps.tickets.statuses.StatusCategory['RESOLVED'], apps.tickets.statuses.StatusCategory['SPAM']])), fields=['-updated_at', '-id'], name='ticket_finished'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['requester', '-updated_at', '-id'], name='ticket_requester'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['organisation', '-updated_at', '-id'], name='ticket_organisation'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category', 'resolved')), fields=['resolved_at'], name='ticket_to_close'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category', 'scheduled')), fields=['scheduled_until'], name='ticket_to_wake'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status_category', 'pending')), fields=['updated_at'], name='ticket_pending'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('subject', ''), _negated=True), name='ticket_has_subject'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('impact__range', (1, 3)), ('priority__range', (1, 5)), ('urgency__range', (1, 3))), name='ticket_levels_in_range'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('override_reason', ''), ('priority_override', None)), models.Q(('priority', models.F('priority_override')), ('priority_override__isnull', False), models.Q(('override_reason', ''), _negated=True)), _connector='OR'), name='ticket_override_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('merged_into__isnull', False), ('status_before_merge__isnull', False), ('status_category', 'merged')), models.Q(models.Q(('status_category', 'merged'), _negated=True), ('merged_into', None), ('status_before_merge', None)), _connector='OR'), name='ticket_merged_points_to_survivor'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='ticket_not_merged_into_itself'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='ticket_not_its_own_parent'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', False), ('status_category__in', ['resolved', 'closed'])), ('status_category', 'merged'), models.Q(models.Q(('status_category__in', ['resolved', 'closed', 'merged']), _negated=True), ('resolved_at', None)), _connector='OR'), name='ticket_resolved_at_matches_status'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status_category', 'closed')), models.Q(models.Q(('status_category', 'closed'), _negated=True), ('closed_at', None)), _connector='OR'), name='ticket_closed_at_matches_status'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scheduled_until__isnull', False), ('status_category', 'scheduled')), ('status_category', 'merged'), models.Q(models.Q(('status_category__in', ['scheduled', 'merged']), _negated=True), ('scheduled_until', None)), _connector='OR'), name='ticket_scheduled_has_date'),
        ),
    ]
