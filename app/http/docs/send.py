"""Sends a text and waits until WhatsApp has it. API is the address of the api site; CA, CERT and KEY are files."""

import http.client
import json
import os
import ssl
import time
import urllib.parse
import uuid

tls = ssl.create_default_context(cafile=os.environ["CA"])
tls.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
site = urllib.parse.urlsplit(os.environ["API"])


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPSConnection(site.hostname, site.port, context=tls, timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{answer.status}: {text}")
    return json.loads(text)


MESSAGES = "/v1/accounts/main/messages"
message = {"to": os.environ["TO"], "type": "text", "text": {"body": "Hello from Python"}}
# The same key again gets the same answer, so that a lost answer can be asked for anew.
accepted = ask("POST", MESSAGES, message, {"Idempotency-Key": str(uuid.uuid4())})

while True:
    told = ask("GET", f"{MESSAGES}/{accepted['message_id']}")
    if any(step["status"] == "sent" for step in told["timeline"]):
        break
    if told["status"] in ("failed", "expired", "cancelled"):
        raise RuntimeError(f"{accepted['message_id']} is {told['status']}")
    time.sleep(1)
print(accepted["message_id"])
