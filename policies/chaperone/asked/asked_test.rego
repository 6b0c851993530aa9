package chaperone_test.asked

import data.chaperone.asked
import data.chaperone_test.requests

test_a_guard_for_something_else_does_not_apply if {
	asked.none_of({"capabilities": ["pay_invoice"], "permissions": ["invoices:pay"]}) with input as requests.founding
}

test_a_guarded_capability_is_asked if {
	not asked.none_of({"capabilities": ["book_flight"], "permissions": []}) with input as requests.founding
}

test_a_guarded_permission_is_asked if {
	request := object.union(requests.founding, {"asked": {"permissions": ["flights:book"]}})
	not asked.none_of({"capabilities": [], "permissions": ["flights:book"]}) with input as request
}

test_a_guard_whose_settings_are_gone_is_not_clear if {
	every settings in [null, {}, {"capabilities": []}, {"permissions": []}, {"capabilities": {}, "permissions": []}] {
		not asked.none_of(settings) with input as requests.founding
	}
}

test_a_guard_is_not_clear_for_a_request_that_does_not_say_what_it_asks if {
	every wrong in [{}, {"asked": {"permissions": []}}, {"asked": {"capabilities": [], "permissions": {}}}] {
		not asked.none_of({"capabilities": [], "permissions": []}) with input as wrong
	}
}

test_what_is_asked_twice_is_asked_once if {
	request := object.union(requests.founding, {"asked": {"capabilities": ["b", "a", "b"], "permissions": ["p"]}})
	names := asked.capabilities with input as request
	names == {"a", "b"}
	permissions := asked.permissions with input as request
	permissions == {"p"}
}
