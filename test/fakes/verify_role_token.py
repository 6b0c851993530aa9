"""A resource server in Python: PyJWT and the published keys, used as their manual says.

Takes {"jwks_uri", "shown": [{"token", "issuer", "audience"}]} as its argument and prints a list with one answer each:
{"claims": ...} of a token that it believes, {"refused": <name of PyJWT's exception>} of any other.
"""

import json
import sys

import jwt

required = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "act"]


def verify(token, keys, issuer, audience):
    verified = jwt.decode_complete(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["ES256", "EdDSA"],
        issuer=issuer,
        audience=audience,
        options={"require": required, "strict_aud": True},
    )
    if verified["header"].get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("an access token says that it is one (RFC 9068)")
    return verified["payload"]


def main(asked):
    keys = jwt.PyJWKClient(asked["jwks_uri"])
    answers = []
    for shown in asked["shown"]:
        try:
            answers.append({"claims": verify(shown["token"], keys, shown["issuer"], shown["audience"])})
        except jwt.PyJWTError as error:
            answers.append({"refused": type(error).__name__})
    print(json.dumps(answers))


main(json.loads(sys.argv[1]))
