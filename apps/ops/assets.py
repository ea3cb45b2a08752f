from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """Files of the pages under names that change with their content, scripts' imports included.

    Without that a page holds a module twice, once by each name, and a deploy mixes releases.
    """

    support_js_module_import_aggregation = True
