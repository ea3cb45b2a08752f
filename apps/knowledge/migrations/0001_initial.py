import apps.kernel.references
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
            name='KnowledgeCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='name in addresses')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('icon', models.CharField(choices=[('book', 'Book'), ('card', 'Card'), ('cash', 'Cash'), ('exchange', 'Exchange'), ('person', 'Person'), ('plus', 'Plus'), ('send', 'Arrow'), ('shield', 'Shield'), ('terminal', 'Card terminal')], default='book', max_length=10, verbose_name='icon')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in the list')),
                ('public_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='public articles')),
                ('internal_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='internal articles')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='knowledge.knowledgecategory', verbose_name='parent')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ['position', 'name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='knowledge_category_not_its_own_parent')],
            },
        ),
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('slug', models.SlugField(editable=False, max_length=120, unique=True)),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('summary', models.CharField(blank=True, max_length=300)),
                ('audience', models.CharField(choices=[('public', 'Everybody'), ('internal', 'Staff only')], default='public', max_length=8, verbose_name='audience')),
                ('language', models.CharField(default='en', max_length=10)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('published', 'Published'), ('retired', 'Retired')], default='draft', max_length=9, verbose_name='state')),
                ('origin', models.CharField(blank=True, max_length=60)),
                ('publish_at', models.DateTimeField(blank=True, null=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('live_since', models.DateTimeField(blank=True, null=True)),
                ('review_on', models.DateField(blank=True, null=True)),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('review_told_at', models.DateTimeField(blank=True, null=True)),
                ('views', models.PositiveIntegerField(default=0, verbose_name='views')),
                ('spared', models.PositiveIntegerField(db_default=0, default=0, verbose_name='spared requests')),
                ('helpful', models.PositiveIntegerField(default=0)),
                ('unhelpful', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('translates', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='translations', to='knowledge.article')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.knowledgecategory', verbose_name='category')),
            ],
            options={
                'verbose_name': 'article',
                'verbose_name_plural': 'articles',
                'ordering': ['-updated_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('summary', models.CharField(blank=True, max_length=300)),
                ('source', models.TextField()),
                ('html', models.TextField()),
                ('contents', models.JSONField(default=list)),
                ('sanitiser_version', models.PositiveSmallIntegerField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='knowledge.article')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('article', 'number'), name='revision_numbered_once')],
            },
        ),
        migrations.AddField(
            model_name='article',
            name='current',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.revision'),
        ),
        migrations.AddField(
            model_name='article',
            name='live',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.revision'),
        ),
        migrations.AddField(
            model_name='article',
            name='upcoming',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.revision'),
        ),
        migrations.CreateModel(
            name='ArticleImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('content_type', models.CharField(max_length=20)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='knowledge.article')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('content_type__in', ['image/gif', 'image/jpeg', 'image/png', 'image/webp'])), name='article_image_is_a_raster')],
            },
        ),
        migrations.CreateModel(
            name='ArticleLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.CharField(max_length=60)),
                ('created_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='knowledge.article')),
            ],
            options={
                'indexes': [models.Index(fields=['target'], name='article_link_target')],
                'constraints': [models.UniqueConstraint(fields=('article', 'target'), name='article_linked_once')],
            },
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('browser', models.CharField(blank=True, max_length=16)),
                ('is_helpful', models.BooleanField(verbose_name='helpful')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField(verbose_name='changed')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feedback', to='knowledge.article', verbose_name='article')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'feedback',
                'verbose_name_plural': 'feedback',
                'indexes': [models.Index(condition=models.Q(('comment', ''), _negated=True), fields=['article', '-updated_at'], name='feedback_comments')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('user__isnull', False)), fields=('article', 'user'), name='feedback_once_per_person'), models.UniqueConstraint(condition=models.Q(('browser', ''), _negated=True), fields=('article', 'browser'), name='feedback_once_per_browser'), models.CheckConstraint(condition=models.Q(('user', None), ('browser', ''), _connector='OR'), name='feedback_of_person_or_browser')],
            },
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('state', 'published')), fields=['category', 'title', 'id'], name='article_category'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['-updated_at', '-id'], name='article_changed'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('publish_at__isnull', False)), fields=['publish_at'], name='article_due'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('review_on__isnull', False)), fields=['review_on'], name='article_review'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('origin', ''), _negated=True), fields=['origin'], name='article_origin'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='article_has_title'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), models.Q(('category__isnull', False), ('live__isnull', False), ('live_since__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='article_published_has_what_readers_see'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('publish_at', None), ('upcoming', None), models.Q(('state', 'scheduled'), _negated=True)), models.Q(('publish_at__isnull', False), ('upcoming__isnull', False), ('state__in', ['scheduled', 'published'])), _connector='OR'), name='article_scheduled_has_time_and_text'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('translates', None), models.Q(('translates', models.F('id')), _negated=True), _connector='OR'), name='article_not_its_own_translation'),
        ),
    ]
