"""The full text beside the rows, as each database has it. Nothing but an index: it can be built anew.

pg_trgm comes with PostgreSQL and may be installed by the database's owner. Where it may not, typos
of more than one slip stay, and people are found by what their names hold.
"""

from django.db import migrations, transaction
from django.db.utils import DatabaseError

from apps.search.adapters import postgresql, sqlite

WITH_TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # What a mistyped word is like: PostgresIndex._alike.
    "CREATE INDEX search_word_alike ON search_word USING gin (word gin_trgm_ops)",
    # People by part of their name or address: apps.search.people.
    "CREATE INDEX search_person ON accounts_user"
    " USING gin ((lower(name) || ' ' || email) gin_trgm_ops)",
)


def make(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            sqlite.make_tables(cursor)
            return
        postgresql.make_tables(cursor)
        try:
            with transaction.atomic():
                for statement in WITH_TRIGRAMS:
                    cursor.execute(statement)
        except DatabaseError as error:
            print(f"  without pg_trgm, typos are mended less often: {error}")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_index"), ("accounts", "0002_roles")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
