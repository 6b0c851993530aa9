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
	parent := requests.parent("https://flights.example/api", ["flights:book"])
	codes(requests.used(parent, [])) == {"nothing_asked"}
}

test_use_of_what_the_parent_does_not_hold if {
	parent := requests.parent("https://flights.example/api", ["flights:book"])
	codes(requests.used(parent, ["flights:search"])) == {"permission_not_permitted"}
}

test_delegation_is_to_an_audience_that_the_parent_declares if {
	parent := object.union(requests.parent("https://reports.example/api", ["reports:read"]), {"audiences": [
		"https://archive.example/api",
		"https://flights.example/api",
	]})
	request := requests.handed_on(parent, ["reports:read"])
	codes(object.union(request, {"audience": "https://archive.example/api"})) == set()
	codes(object.union(request, {"audience": "https://erp.example/api"})) == {"permission_not_permitted"}
	codes(object.union(request, {"audience": "https://reports.example/api"})) == {"permission_not_permitted"}
	codes(object.union(request, {"audience": "https://flights.example/api"})) == {"role_not_covering"}
}

test_delegation_without_an_asked_audience_is_to_the_parents_own if {
	own := "https://reports.example/api"
	parent := requests.parent(own, ["reports:read"])
	codes(requests.handed_on(parent, ["reports:read"])) == set()
	elsewhere := object.union(parent, {"audiences": ["https://archive.example/api"]})
	codes(requests.handed_on(elsewhere, ["reports:read"])) == {"permission_not_permitted"}
}

test_delegation_of_what_the_parent_does_not_hold if {
	parent := requests.parent("https://flights.example/api", ["flights:search"])
	codes(requests.handed_on(parent, ["flights:book"])) == {"permission_not_permitted"}
	codes(requests.handed_on(parent, ["flights:book", "flights:search"])) == {"permission_not_permitted"}
}

test_a_use_is_at_the_parents_own_audience_only if {
	parent := object.union(requests.parent("https://reports.example/api", ["reports:read"]), {"audiences": [
		"https://archive.example/api",
		"https://reports.example/api",
	]})
	request := requests.used(parent, ["reports:read"])
	codes(request) == set()
	codes(object.union(request, {"audience": "https://archive.example/api"})) == {"permission_not_permitted"}
}
