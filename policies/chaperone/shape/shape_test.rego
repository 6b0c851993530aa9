package chaperone_test.shape

import data.chaperone.shape.well_formed
import data.chaperone_test.requests

full := object.union(requests.staff("Operations", "Director", "book_flight"), {
	"chain": [{"id": "first", "issuer": "urn:example"}],
	"resource": {"type": "flight", "id": "LH1", "properties": {}},
	"audience": "https://flights.example/api",
	"parent": requests.parent("https://flights.example/api", ["flights:book"]),
})

test_the_founding_request_is_well_formed if {
	well_formed with input as requests.founding
}

test_a_request_with_every_member_is_well_formed if {
	well_formed with input as full
}

test_no_required_member_may_be_missing if {
	every member in ["phase", "subject", "actor", "chain", "asked", "context", "time"] {
		not well_formed with input as object.remove(full, [member])
	}
}

test_no_member_of_a_parent_may_be_missing if {
	every member in object.keys(full.parent) {
		not well_formed with input as object.union(
			object.remove(full, ["parent"]),
			{"parent": object.remove(full.parent, [member])},
		)
	}
}

test_no_member_may_have_another_type if {
	every wrong in [
		{"phase": "later"},
		{"phase": null},
		{"time": "noon"},
		{"context": []},
		{"audience": null},
		{"subject": "alice"},
		{"subject": {"id": 1}},
		{"subject": {"issuer": null}},
		{"subject": {"claims": []}},
		{"subject": {"departments": "Operations"}},
		{"subject": {"departments": {"0": "Operations"}}},
		{"subject": {"roles": ["Director", 1]}},
		{"actor": {"id": null}},
		{"actor": {"type": 1}},
		{"actor": {"capabilities": [["book_flight"]]}},
		{"chain": {}},
		{"chain": [{"id": "first"}]},
		{"chain": [{"id": "first", "issuer": 1}]},
		{"asked": []},
		{"asked": {"capabilities": null}},
		{"asked": {"permissions": "flights:book"}},
		{"action": null},
		{"action": {"name": 1}},
		{"action": {"properties": []}},
		{"resource": "flight"},
		{"resource": {"type": null}},
		{"resource": {"id": 1}},
		{"resource": {"properties": null}},
		{"parent": null},
		{"parent": {"id": null}},
		{"parent": {"audience": 1}},
		{"parent": {"audiences": "https://flights.example/api"}},
		{"parent": {"permissions": "flights:book"}},
		{"parent": {"depth": "1"}},
		{"parent": {"max_depth": null}},
		{"parent": {"expires_at": []}},
	] {
		not well_formed with input as object.union(full, wrong)
	}
}

test_what_is_no_object_is_not_well_formed if {
	every wrong in [null, true, 1, "request", [], [requests.founding]] {
		not well_formed with input as wrong
	}
}
