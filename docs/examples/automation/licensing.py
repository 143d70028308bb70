"""A client for jobs: retries what may be retried, pages through lists, waits. Standard library only."""
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

DONE, SOME_REFUSED, COULD_NOT_RUN = 0, 1, 2
PASSING = {429, 502, 503, 504}
PASSING_CODES = {"idempotency_in_progress", "concurrent_change"}


class Refused(Exception):
    """The API said no; `code` is the stable reason, `problem` all of it."""

    def __init__(self, status, problem):
        self.status, self.problem, self.code = status, problem, problem.get("code", "")
        fields = "; ".join(f"{e['pointer']}: {e['message']}" for e in problem.get("errors") or [])
        super().__init__(f"{status} {self.code}: {fields or problem.get('detail', '')}")


class Licensing:
    def __init__(self, key="KEY", tries=6):
        self.url, self.key, self.tries = os.environ["LICENSING"].rstrip("/") + "/api/v1", os.environ[key], tries

    def get(self, path, accept="application/json"):
        return self.send("GET", path, accept=accept)

    def post(self, path, body=None, key=None):
        """`key` is the Idempotency-Key: of the thing, not of the try, so that a job that is run again gets the first answer."""
        return self.send("POST", path, body, key)

    def send(self, method, path, body=None, key=None, accept="application/json", **headers):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Accept": accept, **headers}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(self.tries):
            try:
                request = urllib.request.Request(self.url + path, data, headers, method=method)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    text = answer.read().decode()
                    return json.loads(text or "{}") if accept == "application/json" else text
            except urllib.error.HTTPError as error:
                told, wait = error.read().decode(), error.headers.get("Retry-After")
                problem = json.loads(told) if told.startswith("{") else {"detail": told}
                if error.code not in PASSING and problem.get("code") not in PASSING_CODES or attempt == self.tries - 1:
                    raise Refused(error.code, problem) from None
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                wait = None
                if attempt == self.tries - 1:
                    raise
            time.sleep(float(wait) if wait and wait.isdigit() else min(30, 0.5 * 2 ** attempt) * random.uniform(0.5, 1))

    def all(self, path):
        """Every item of a list, page by page."""
        after = ""
        while after is not None:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=200{'&after=' + after if after else ''}")
            yield from page["items"]
            after = page["next"]

    @staticmethod
    def wait(seconds):
        """Between two looks at long work."""
        time.sleep(seconds)


def main(job):
    """Runs a job: its return value is the exit code; what cannot be reached or may not be done at all is 2."""
    try:
        sys.exit(job())
    except (Refused, OSError, KeyError) as error:
        print(f"could not run: {error!r}", file=sys.stderr)
        sys.exit(COULD_NOT_RUN)
