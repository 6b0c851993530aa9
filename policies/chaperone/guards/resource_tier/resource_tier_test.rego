package chaperone_test.guards.resource_tier

import data.chaperone.guards.resource_tier
import data.chaperone_test.requests

clear(request) if {
	resource_tier.clear with input as request
}

test_a_request_for_no_record_is_clear if clear(requests.founding)

test_a_tier_is_open_to_the_roles_that_it_lists if {
	clear(requests.record("Clerk", "public"))
	clear(requests.record("Manager", "internal"))
	clear(requests.record("Director", "restricted"))
	not clear(requests.record("Clerk", "internal"))
	not clear(requests.record("Manager", "restricted"))
	not clear(requests.record("Visitor", "public"))
}

test_a_tier_that_is_not_known_is_open_to_nobody if {
	every tier in ["secret", "", "PUBLIC", null, 0, true, ["public"], {"tier": "public"}] {
		not clear(requests.record("Director", tier))
	}
}

test_another_type_of_resource_has_no_tier if {
	not clear(object.union(requests.record("Director", "public"), {"resource": {"type": "file"}}))
}

test_an_absent_resource_is_not_clear if {
	not clear(requests.staff("Support", "Director", "read_record"))
}

test_outside_issue_only_open_tiers_are_clear if {
	parent := requests.parent("https://crm.example/api", ["records:read"])
	request := object.union(requests.record("Director", "public"), {
		"phase": "use",
		"asked": {"permissions": ["records:read"]},
		"parent": parent,
	})
	clear(request)
	not clear(object.union(request, {"resource": {"properties": {"tier": "internal"}}}))
	clear(object.union(request, {"phase": "delegate"}))
}

test_without_its_settings_it_is_not_clear if {
	not resource_tier.clear with input as requests.founding with data.chaperone.settings as {}
}
