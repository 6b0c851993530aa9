package chaperone_test.least_privilege

import data.chaperone.least_privilege.choice
import data.chaperone_test.requests

here := "https://here.example/api"

role(permissions) := {"audience": here, "permissions": permissions, "max_ttl_seconds": 60, "enforced_by": "role"}

permit(capability, permissions) := {"capability": capability, "audience": here, "permissions": permissions}

asking(capabilities, permissions) := object.union(requests.founding, {
	"actor": {"capabilities": capabilities},
	"asked": {"capabilities": capabilities, "permissions": permissions},
})

test_the_role_with_the_fewest_permissions_is_chosen if {
	chosen := choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {permit("read", ["a"])}
		with data.chaperone.roles as {"r3": role(["a", "b", "c"]), "r2": role(["a", "b"]), "other": role(["b"])}
	chosen == {"role": "r2", "permissions": ["a"], "ttl_seconds": 60}
}

test_ties_go_by_name if {
	chosen := choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {permit("read", ["a"])}
		with data.chaperone.roles as {"second": role(["a", "b"]), "first": role(["a", "c"])}
	chosen.role == "first"
}

test_what_two_capabilities_need_is_needed_together if {
	chosen := choice with input as asking(["read", "write"], [])
		with data.chaperone.permits.added.permits as {permit("read", ["a"]), permit("write", ["b"])}
		with data.chaperone.roles as {"small": role(["a"]), "both": role(["a", "b"])}
	chosen == {"role": "both", "permissions": ["a", "b"], "ttl_seconds": 60}
}

test_a_permit_more_takes_nothing_away if {
	chosen := choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {permit("read", ["a"]), permit("read", ["a", "b"])}
		with data.chaperone.roles as {"small": role(["a"])}
	chosen.permissions == ["a"]
}

test_asked_permissions_say_what_is_needed if {
	chosen := choice with input as asking(["work"], ["a"])
		with data.chaperone.permits.added.permits as {permit("work", ["a", "b"])}
		with data.chaperone.roles as {"small": role(["a"]), "both": role(["a", "b"])}
	chosen == {"role": "small", "permissions": ["a"], "ttl_seconds": 60}
}

test_an_agent_that_is_not_able_is_granted_nothing_whatever_a_permit_says if {
	request := object.union(asking(["read"], []), {"actor": {"capabilities": ["write"]}})
	not choice with input as request
		with data.chaperone.permits.added.permits as {permit("read", ["a"])}
		with data.chaperone.roles as {"small": role(["a"])}
}

test_a_life_is_whole_seconds if {
	chosen := choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {object.union(permit("read", ["a"]), {"ttl_seconds": 40.5})}
		with data.chaperone.roles as {"small": role(["a"])}
	chosen.ttl_seconds == 40
}

test_the_shortest_life_of_the_permits_counts if {
	chosen := choice with input as asking(["read", "write"], [])
		with data.chaperone.permits.added.permits as {
			object.union(permit("read", ["a"]), {"ttl_seconds": 20}),
			object.union(permit("write", ["a"]), {"ttl_seconds": 40.5}),
		}
		with data.chaperone.roles as {"small": role(["a"])}
	chosen.ttl_seconds == 20
}

test_no_role_is_chosen_when_none_covers if {
	not choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {permit("read", ["a"])}
		with data.chaperone.roles as {"other": role(["b"])}
}

test_no_role_is_chosen_from_two_audiences if {
	not choice with input as asking(["read"], [])
		with data.chaperone.permits.added.permits as {
			permit("read", ["a"]),
			object.union(permit("read", ["a"]), {"audience": "https://there.example/api"}),
		}
		with data.chaperone.roles as {
			"here": role(["a"]),
			"there": object.union(role(["a"]), {"audience": "https://there.example/api"}),
		}
}

test_what_is_not_a_permit_permits_nothing if {
	every wrong in [
		{"capability": null},
		{"audience": 1},
		{"permissions": []},
		{"permissions": "a"},
		{"permissions": ["a", 1]},
		{"permissions": ["a", "a"]},
		{"ttl_seconds": 0},
		{"ttl_seconds": "60"},
		{"ttl_seconds": null},
	] {
		not choice with input as asking(["read"], [])
			with data.chaperone.permits.added.permits as {object.union(permit("read", ["a"]), wrong)}
			with data.chaperone.roles as {"small": role(["a"])}
	}
}

test_use_takes_the_permission_from_the_parent if {
	parent := requests.parent("https://flights.example/api", ["flights:book", "flights:search"])
	chosen := choice with input as requests.used(parent, ["flights:search"])
	chosen == {"role": "flight-searcher", "permissions": ["flights:search"], "ttl_seconds": 60}
}

test_a_role_that_grants_more_than_the_parent_is_not_chosen if {
	parent := requests.parent(here, ["a"])
	request := requests.used(parent, ["a"])
	not choice with input as request with data.chaperone.roles as {"larger": role(["a", "b"])}
	chosen := choice with input as request
		with data.chaperone.roles as {"larger": object.union(role(["a", "b"]), {"enforced_by": "scope"})}
	chosen == {"role": "larger", "permissions": ["a"], "ttl_seconds": 60}
}
