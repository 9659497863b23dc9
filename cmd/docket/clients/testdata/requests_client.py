"""Sends the script on standard input with requests; prints one status a line.

Arguments: basic|digest|ntlm|ticket, user, password, CA file.
A line is METHOD, URL and body file or "-", separated by tabs; "next" begins
anew with nothing remembered.
"""

import sys

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

kind, user, password, ca = sys.argv[1:]


def scheme():
    if kind == "ntlm":
        from requests_ntlm import HttpNtlmAuth

        return HttpNtlmAuth
    if kind == "ticket":
        from requests_kerberos import OPTIONAL, HTTPKerberosAuth

        # The default wants an answer to the ticket.
        return lambda user, password: HTTPKerberosAuth(mutual_authentication=OPTIONAL)
    return {"basic": HTTPBasicAuth, "digest": HTTPDigestAuth}[kind]


def fresh():
    session = requests.Session()
    session.trust_env = False
    session.verify = ca
    session.auth = scheme()(user, password)
    return session


session = fresh()
for line in sys.stdin:
    line = line.rstrip("\n")
    if line == "next":
        session = fresh()
        continue
    method, url, body = line.split("\t")
    data = None
    if body != "-":
        with open(body, "rb") as f:
            data = f.read()
    try:
        answer = session.request(method, url, data=data, timeout=60)
    except PermissionError:  # requests-ntlm's word for a 401 that offers nothing it can use
        print("refused", flush=True)
        continue
    print(answer.status_code, flush=True)
