"""Tune a strategy by the API and follow it, with nothing but Python's standard library.

TUNEBOOK_TOKEN=tb_… python3 examples/client.py
"""

import json
import os
import sys
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

API = os.environ.get("TUNEBOOK_URL", "http://127.0.0.1:4000") + "/graphql"


def post(query, variables, accept):
    headers = {
        "Accept": accept,
        "Content-Type": "application/json",
        "Authorization": "Bearer " + os.environ["TUNEBOOK_TOKEN"],
    }
    return urlopen(Request(API, json.dumps({"query": query, "variables": variables}).encode(), headers))


def ask(query, **variables):
    with post(query, variables, "application/json") as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise SystemExit("\n".join(error["message"] for error in answer["errors"]))
    return answer["data"]


def subscribe(query, **variables):
    """The values of a subscription, by server-sent events, until it is complete."""
    with post(query, variables, "text/event-stream") as response:
        event = ""
        for line in response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            if event == "complete":
                return
            if name == "data" and event == "next":
                yield json.loads(value)["data"]


found = ask("{ markets(first: 1) { nodes { id to } } strategies(first: 100) { nodes { id name } } }")
if not found["markets"]["nodes"]:
    raise SystemExit("There is no market yet: npx tunebook import <file> …")
market = found["markets"]["nodes"][0]
strategy = next(each for each in found["strategies"]["nodes"] if each["name"] == "rsi-adx-volume")
end = datetime.fromisoformat(market["to"].replace("Z", "+00:00"))


def ago(days):
    return (end - timedelta(days=days)).isoformat().replace("+00:00", "Z")


created = ask(
    """mutation ($input: CreateTuningJobInput!) { createTuningJob(input: $input) {
      __typename ... on CreateTuningJobSuccess { job { id } } ... on Error { message }
    } }""",
    input={
        "strategyId": strategy["id"],
        "marketId": market["id"],
        "trainingPeriod": {"from": ago(21), "to": ago(7)},
        "testPeriod": {"from": ago(7), "to": ago(0)},
        "sampleCount": 50,
        "objective": "ROI",
        "algorithm": "RANDOM_FOREST",
    },
)["createTuningJob"]
if "job" not in created:
    raise SystemExit(created["message"])
job = created["job"]["id"]

follow = "subscription ($id: ID!) { tuningJobProgress(id: $id) { status progress { phase fraction } } }"
for event in subscribe(follow, id=job):
    now = event["tuningJobProgress"]
    print(now["status"], now["progress"]["phase"], f"{now['progress']['fraction']:.0%}", file=sys.stderr)

result = ask(
    "query ($id: ID!) { tuningJob(id: $id) { status readiness { productionReady score explanation } bestParameters } }",
    id=job,
)
print(json.dumps(result["tuningJob"], indent=2))
