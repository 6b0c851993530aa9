package chaperone_test.objections

import data.chaperone.objections.objections
import data.chaperone_test.requests

codes(request) := {objection.code | some objection in found} if {
	found := objections with input as request
}

test_nothing_speaks_against_the_founding_request if codes(requests.founding) == set()

test_an_input_without_its_shape_gets_that_one_reason if {
	codes(object.remove(requests.founding, ["context"])) == {"input_malformed"}
}

test_nothing_asked if {
	request := object.union(requests.founding, {"asked": {"capabilities": []}})
	codes(request) == {"nothing_asked"}
}

test_a_capability_that_is_asked_but_not_the_agents_is_not_permitted if {
	request := object.union(requests.founding, {"actor": {"capabilities": ["search_flights"]}})
	codes(request) == {"capability_not_permitted"}
}

test_a_long_list_of_capabilities_is_cut if {
	names := [sprintf("capability_number_%d", [n]) | some n in numbers.range(1, 200)]
	request := object.union(requests.founding, {"asked": {"capabilities": names}})
	found := objections with input as request
	some objection in found
	count(objection.message) < 512
}

test_a_permission_that_nobody_gives if {
	request := object.union(requests.founding, {"asked": {"permissions": ["flights:cancel"]}})
	codes(request) == {"permission_not_permitted"}
}

test_the_audience_asked_must_be_the_permitted_one if {
	request := object.union(requests.founding, {"audience": "https://erp.example/api"})
	codes(request) == {"capability_not_permitted"}
}

test_capabilities_of_two_audiences_have_no_common_role if {
	request := object.union(requests.founding, {
		"actor": {"capabilities": ["book_flight", "view_report"]},
		"asked": {"capabilities": ["book_flight", "view_report"]},
	})
	codes(request) == {"role_not_covering"}
}

test_a_report_could_be_meant_for_two_systems if {
	request := requests.staff("Operations", "Director", "view_report")
	codes(request) == {"audience_ambiguous"}
	codes(object.union(request, {"audience": "https://archive.example/api"})) == set()
}

test_use_without_a_parent if {
	request := object.remove(requests.used({}, ["flights:book"]), ["parent"])
	codes(request) == {"parent_missing"}
}

test_use_that_names_no_permission if {
	parent := {"audience": "https://flights.example/api", "permissions": ["flights:book"]}
	codes(requests.used(parent, [])) == {"nothing_asked"}
}

test_use_of_what_the_parent_does_not_hold if {
	parent := {"audience": "https://flights.example/api", "permissions": ["flights:book"]}
	codes(requests.used(parent, ["flights:search"])) == {"permission_not_permitted"}
}

test_delegation_to_an_audience_that_is_not_the_parents if {
	parent := {"audience": "https://flights.example/api", "permissions": ["flights:book"]}
	request := object.union(requests.used(parent, ["flights:book"]), {
		"phase": "delegate",
		"audience": "https://erp.example/api",
	})
	codes(request) == {"permission_not_permitted"}
}
