package chaperone_test.clearance

import data.chaperone.clearance
import data.chaperone_test.requests

test_every_shipped_guard_is_clear_for_the_founding_request if {
	clearance.complete with input as requests.founding
}

test_without_guards_nothing_is_left_to_clear if {
	clearance.complete with data.chaperone.guards as {}
}

test_one_undefined_guard_among_clear_ones_is_seen if {
	guards := {"a": {"clear": true}, "b": {"message": "never"}, "c": {"clear": true}}
	not clearance.complete with data.chaperone.guards as guards
	not clearance.once_approved with data.chaperone.guards as guards
	objections := clearance.objections with data.chaperone.guards as guards
	objections == {{"code": "b", "message": "never"}}
}

test_an_approval_does_not_settle_another_guard if {
	guards := {"a": {"clear_with_approval": true}, "b": {"clear": false}}
	not clearance.once_approved with data.chaperone.guards as guards
}

test_a_guard_that_is_clear_needs_no_approval if {
	guards := {"a": {"clear": true, "clear_with_approval": true}}
	approvals := clearance.approvals with data.chaperone.guards as guards
	approvals == set()
	clearance.complete with data.chaperone.guards as guards
}

test_a_guard_that_is_almost_true_is_not_clear if {
	every almost in [1, "true", [true], {"clear": true}, null] {
		not clearance.complete with data.chaperone.guards as {"added": {"clear": almost}}
		not clearance.once_approved with data.chaperone.guards as {"added": {"clear_with_approval": almost}}
	}
}
