"""Write the OpenAPI description of the Reports API to a file: `types.mjs` makes the page's types from it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from promo_reports.web.app import description_of, make_app

Path(sys.argv[1]).write_text(json.dumps(description_of(make_app())), encoding="utf-8")
