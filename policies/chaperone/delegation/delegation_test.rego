package chaperone_test.delegation

import data.chaperone.decision
import data.chaperone.delegation.member
import data.chaperone.delegation.terms
import data.chaperone_test.requests

idp := "https://idp.example"

flights := "https://flights.example/api"

next(name) := {"iss": idp, "sub": name}

# A person asks an agent, both known by name, for everything about flights.
trip := object.union(requests.founding, {
	"subject": {"id": "alice", "issuer": idp},
	"actor": {"id": "travel-planner", "issuer": idp, "capabilities": ["book_flight", "search_flights"]},
	"asked": {"capabilities": ["book_flight", "search_flights"]},
})

search(depth, max_depth) := requests.handed_on(
	object.union(requests.parent(flights, ["flights:search"]), {"depth": depth, "max_depth": max_depth}),
	["flights:search"],
)

rule := {"may_act": [next("flight-booking")], "audiences": [flights], "max_depth": 3}

ends_with(settings) if {
	not terms with input as trip with data.chaperone.settings.delegation as settings
	found := member with input as trip with data.chaperone.settings.delegation as settings
	found == {}
	verdict := decision with input as trip with data.chaperone.settings.delegation as settings
	verdict.outcome == "allow"
	object.get(verdict, "delegation", "none") == "none"
}

test_the_settings_say_who_may_act_next_where_and_how_deep if {
	verdict := decision with input as trip
	verdict.role == "travel-desk"
	verdict.delegation == {
		"may_act": [next("flight-booking"), next("flight-search")],
		"audiences": [flights],
		"max_depth": 3,
	}
}

test_unnamed_parties_hand_nothing_on if {
	every request in [
		requests.founding,
		object.remove(trip, ["subject"]),
		object.union(object.remove(trip, ["subject"]), {"subject": requests.founding.subject}),
		object.union(object.remove(trip, ["actor"]), {"actor": object.remove(trip.actor, ["id"])}),
	] {
		not terms with input as request
	}
}

test_nobody_hands_over_to_oneself if {
	found := terms with input as search(1, 3)
		with data.chaperone.settings.delegation as {"flight-searcher": {
			"may_act": [next("flight-search"), next("flight-booking")],
			"audiences": [flights],
			"max_depth": 3,
		}}
	found.may_act == [next("flight-booking")]
	not terms with input as search(1, 3)
}

test_the_same_name_of_another_issuer_is_another_party if {
	found := terms with input as object.union(search(1, 3), {"actor": {"issuer": "https://other.example"}})
	found.may_act == [next("flight-search")]
}

test_a_further_hop_is_offered_only_while_there_is_room if {
	settings := {"flight-searcher": object.union(rule, {"max_depth": 4})}
	every depths in [[1, 3, 3], [1, 4, 4], [1, 8, 4], [2, 4, 4]] {
		found := terms with input as search(depths[0], depths[1]) with data.chaperone.settings.delegation as settings
		found.max_depth == depths[2]
	}
	every depths in [[1, 1], [1, 2], [2, 3], [3, 4], [3, 8], [7, 8]] {
		not terms with input as search(depths[0], depths[1]) with data.chaperone.settings.delegation as settings
	}
}

test_a_hop_goes_only_where_the_parent_may_go if {
	settings := {"flight-searcher": object.union(rule, {"audiences": ["https://hotels.example/api", flights]})}
	found := terms with input as search(1, 3) with data.chaperone.settings.delegation as settings
	found.audiences == [flights]
	elsewhere := {"flight-searcher": object.union(rule, {"audiences": ["https://hotels.example/api"]})}
	not terms with input as search(1, 3) with data.chaperone.settings.delegation as elsewhere
}

test_a_token_that_is_used_is_not_handed_on if {
	request := object.union(search(1, 3), {"phase": "use"})
	verdict := decision with input as request
	verdict.outcome == "allow"
	not terms with input as request with data.chaperone.settings.delegation as {"flight-searcher": rule}
}

test_a_role_that_the_settings_do_not_name_ends_the_chain if {
	every settings in [{}, {"travel": rule}, null, [], "travel-desk", [rule]] {
		ends_with(settings)
	}
}

test_settings_that_are_not_well_formed_end_the_chain if {
	every wrong in [
		{"may_act": []},
		{"may_act": "flight-search"},
		{"may_act": next("flight-search")},
		{"may_act": [next("flight-search"), "flight-search"]},
		{"may_act": [next("flight-search"), {"sub": "flight-search"}]},
		{"may_act": [object.union(next("flight-search"), {"client_id": "flight-search"})]},
		{"may_act": [{"iss": idp, "sub": ""}]},
		{"may_act": [{"iss": idp, "sub": null}]},
		{"may_act": [{"iss": 1, "sub": "flight-search"}]},
		{"may_act": [{"iss": concat("", ["a" | some _ in numbers.range(1, 257)]), "sub": "flight-search"}]},
		{"may_act": [next(sprintf("agent-%d", [n])) | some n in numbers.range(1, 65)]},
		{"audiences": []},
		{"audiences": flights},
		{"audiences": [flights, 1]},
		{"audiences": [""]},
		{"audiences": {"0": flights}},
		{"max_depth": 1},
		{"max_depth": 9},
		{"max_depth": 2.5},
		{"max_depth": "3"},
		{"max_depth": null},
		{"max_depth": true},
		{"max_dept": 3},
	] {
		ends_with({"travel-desk": object.union(rule, wrong)})
	}
	every missing in ["may_act", "audiences", "max_depth"] {
		ends_with({"travel-desk": object.remove(rule, [missing])})
	}
	found := terms with input as trip with data.chaperone.settings.delegation as {"travel-desk": rule}
	found == rule
}
