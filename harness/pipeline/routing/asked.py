"""What a running router says of itself."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from harness.core.errors import OutsideError
from harness.core.releases import Release
from harness.pipeline.routing.route import address
from harness.servers._keys import key_from

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status(release: Release) -> dict[str, Any]:
    """Table, health and counts of the release's router, with its `url`. Raises ConfigError where none runs here,
    OutsideError where it does not answer."""
    url = address(release)
    key = key_from(release.route.key_env, "route.key_env")
    request = urllib.request.Request(f"{url}/router/status", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with _OPENER.open(request, timeout=10) as reply:
            return {"url": url, **json.load(reply)}
    except urllib.error.HTTPError as error:
        error.close()
        why = "it refuses the key that route.key_env names" if error.code == 401 else f"HTTP {error.code}"
        raise OutsideError(f"the router at {url} does not tell its status: {why}.") from None
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise OutsideError(f"the router at {url} does not answer: {error}. Was it killed? Start it again.") from None
