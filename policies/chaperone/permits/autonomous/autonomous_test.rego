package chaperone_test.permits.autonomous

import data.chaperone.decision
import data.chaperone.permits.autonomous.permits
import data.chaperone_test.requests

none_for(request) if {
	found := permits with input as request
	found == set()
}

test_a_listed_agent_acts_for_itself if {
	verdict := decision with input as requests.autonomous
	verdict.outcome == "allow"
	verdict.role == "stock-keeper"
	verdict.permissions == ["stock:read", "stock:reorder"]
}

test_an_agent_that_is_not_listed_does_not if {
	none_for(object.union(requests.autonomous, {"subject": {"id": "other"}, "actor": {"id": "other"}}))
}

test_a_name_of_another_issuer_is_another_agent if {
	none_for(object.union(requests.autonomous, {
		"subject": {"issuer": "https://elsewhere.example"},
		"actor": {"issuer": "https://elsewhere.example"},
	}))
}

test_an_agent_for_somebody_else_is_not_autonomous if {
	none_for(object.union(requests.autonomous, {"subject": {"id": "alice"}}))
	none_for(object.union(requests.autonomous, {"subject": {"issuer": "https://elsewhere.example"}}))
}

test_nobody_is_not_the_same_party_as_nobody if {
	unnamed := json.remove(requests.autonomous, ["subject/id", "actor/id"])
	none_for(unnamed)
}

test_an_agent_does_for_itself_only_what_it_is_listed_for if {
	none_for(object.union(requests.autonomous, {
		"actor": {"capabilities": ["book_flight"]},
		"asked": {"capabilities": ["book_flight"]},
	}))
}
