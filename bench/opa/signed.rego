# The verdict with a token beside it: what OPA's own server offers for what Chaperone does after the verdict.
package bench

signed := object.union(data.chaperone.decision, {"token": _token})

_token := io.jwt.encode_sign(
	{"alg": "ES256", "typ": "at+jwt", "kid": data.bench.key.kid},
	{
		"iss": "http://localhost:8181",
		"aud": data.chaperone.roles[data.chaperone.decision.role].audience,
		"sub": input.subject.id,
		"sub_id": {"format": "iss_sub", "iss": input.subject.issuer, "sub": input.subject.id},
		"client_id": input.actor.id,
		"act": {"iss": input.actor.issuer, "sub": input.actor.id},
		"iat": _now,
		"nbf": _now,
		"exp": _now + data.chaperone.decision.ttl_seconds,
		"jti": uuid.rfc4122("jti"),
		"txn": crypto.sha256(concat("|", [input.subject.issuer, input.subject.id])),
		"scope": concat(" ", data.chaperone.decision.permissions),
		"roles": [data.chaperone.decision.role],
		"delegation": {"v": 1, "grant_id": uuid.rfc4122("grant"), "lineage": [], "depth": 1, "max_depth": 1},
	},
	data.bench.key,
)

_now := floor(time.now_ns() / 1000000000)
