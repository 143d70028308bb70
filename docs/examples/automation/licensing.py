"""A client for jobs: retries what may be retried, pages through lists, waits. Standard library only."""
import hashlib
import http.client
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
        """`key` makes the Idempotency-Key: of the thing, not of the try, so that a job that is run again gets the first answer."""
        return self.send("POST", path, body, key)

    def send(self, method, path, body=None, key=None, accept="application/json", **headers):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Accept": accept, **headers}
        if method != "GET":
            # By its hash: a header takes no letters but Latin ones, and no more than 255.
            headers["Idempotency-Key"] = hashlib.sha256(key.encode()).hexdigest() if key else str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(self.tries):
            last, wait = attempt == self.tries - 1, None
            try:
                with self.answer(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
                    status, wait, told = answer.status, answer.headers.get("Retry-After"), answer.read()
            except http.client.InvalidURL:
                raise
            except (OSError, http.client.HTTPException):
                # Not reached, or cut off in the middle of the answer.
                if last:
                    raise
            else:
                if status < 300:
                    return json.loads(told or "{}") if accept == "application/json" else told.decode()
                problem = self.problem(told.decode(errors="replace"))
                if status not in PASSING and problem.get("code") not in PASSING_CODES or last:
                    raise Refused(status, problem)
            time.sleep(float(wait) if wait and wait.isdigit() else min(30, 0.5 * 2 ** attempt) * random.uniform(0.5, 1))

    @staticmethod
    def answer(request):
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as no:
            # An answer, too.
            return no

    @staticmethod
    def problem(text):
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        # What stands in between answers as it likes.
        return told if isinstance(told, dict) else {"detail": text}

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
    """Runs a job: its return value is the exit code; what cannot be reached or may not be done at all is 2, and so is whatever else ends it."""
    try:
        sys.exit(job())
    except Exception as error:
        print(f"could not run: {error!r}", file=sys.stderr)
        sys.exit(COULD_NOT_RUN)
