#!/usr/bin/env python3
"""Reads what strongroom wrote with financepype's own classes, and says what they made of it.

  financepype_reader.py local FILE EXCHANGE...
  financepype_reader.py aws FILE EXCHANGE        FILE is what AWS Secrets Manager would hold

For AWS a server on this machine answers GetSecretValue, so that boto3 and all of financepype's code take part. Prints one
JSON document.
"""

import http.server
import json
import os
import sys
import threading

from financepype.secrets import AWSExchangeSecrets, LocalExchangeSecrets


def said(exchange) -> dict:
    """`get_secret_value` is the one way to a value; printing a model masks it."""
    return {
        name: {
            "api_key": account.api_key.get_secret_value(),
            "api_secret": account.api_secret.get_secret_value(),
            "api_passphrase": account.api_passphrase and account.api_passphrase.get_secret_value(),
        }
        for name, account in exchange.subaccounts.items()
    }


def serve(text: str) -> int:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["SecretId"]
            answer = json.dumps({"Name": wanted, "SecretString": text}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main() -> None:
    shape, path, *exchanges = sys.argv[1:]
    if shape == "local":
        secrets = LocalExchangeSecrets(file_path=path)
    else:
        with open(path, encoding="utf-8") as file:
            port = serve(file.read())
        os.environ.update(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_DEFAULT_REGION="eu-central-1",
                          AWS_ACCESS_KEY_ID="EXAMPLE", AWS_SECRET_ACCESS_KEY="EXAMPLE", NO_PROXY="127.0.0.1")
        secrets = AWSExchangeSecrets(profile_name=None, secret_names={name: f"EXAMPLE/{name}" for name in exchanges})
    print(json.dumps({name: said(secrets.update_secret(name)) for name in exchanges}))


if __name__ == "__main__":
    main()
