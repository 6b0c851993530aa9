package chaperone_test

import data.chaperone.decision
import data.chaperone_test.requests

codes(verdict) := {reason.code | some reason in verdict.reasons}

denied_because(request, code) if {
	verdict := decision with input as request
	verdict.outcome == "deny"
	code in codes(verdict)
}

allowed_as(request, role) if {
	verdict := decision with input as request
	verdict.outcome == "allow"
	verdict.role == role
}

test_founding_request_is_allowed if {
	verdict := decision with input as requests.founding
	verdict == {
		"outcome": "allow",
		"role": "flight-booker",
		"permissions": ["flights:book"],
		"ceiling": "catalogue",
		"ttl_seconds": 60,
		"limits": [],
		"obligations": [],
		"reasons": [{"code": "permitted", "message": "The chosen role is the smallest that covers what is asked."}],
	}
}

test_founding_request_is_allowed_at_every_hour_of_the_week if {
	every n in numbers.range(0, 167) {
		allowed_as(object.union(requests.founding, {"time": requests.wednesday_noon + (n * requests.hour)}), "flight-booker")
	}
}

test_founding_request_of_marketing_is_denied if {
	request := object.union(requests.founding, {"subject": {"departments": ["Marketing"]}})
	verdict := decision with input as request
	verdict == {
		"outcome": "deny",
		"reasons": [{
			"code": "capability_not_permitted",
			"message": "No rule permits this agent to do this for this person: book_flight",
		}],
	}
}

test_undefined_input_is_denied if {
	decision == {"outcome": "deny", "reasons": [{
		"code": "input_malformed",
		"message": "A part of the request is missing or has another form.",
	}]}
}

test_empty_input_is_denied if denied_because({}, "input_malformed")

test_every_capability_asked_must_be_permitted if {
	request := object.union(requests.founding, {
		"actor": {"capabilities": ["book_flight", "pay_invoice"]},
		"asked": {"capabilities": ["book_flight", "pay_invoice"]},
	})
	denied_because(request, "capability_not_permitted")
}

test_small_payment_is_allowed if allowed_as(requests.payment(1000, "EUR"), "invoice-payer")

test_larger_payment_needs_approval if {
	verdict := decision with input as requests.payment(1000.01, "EUR")
	verdict == {
		"outcome": "approval_required",
		"reasons": [{"code": "amount_limit", "message": "A payment of this amount needs a person's approval."}],
	}
}

test_huge_payment_is_denied if {
	verdict := decision with input as requests.payment(10000.01, "EUR")
	verdict == {"outcome": "deny", "reasons": [{
		"code": "amount_limit",
		"message": "The payment states no amount in the agreed currency, or an amount above the limit.",
	}]}
}

test_deny_beats_approval if {
	verdict := decision with input as requests.payment(5000, "EUR")
		with data.chaperone.guards.time_window.clear as false
	verdict.outcome == "deny"
	codes(verdict) == {"time_window"}
}

test_a_larger_payment_that_nobody_permits_is_denied_not_approved if {
	request := object.union(requests.payment(5000, "EUR"), {"subject": {"departments": ["Sales"]}})
	denied_because(request, "capability_not_permitted")
}

test_a_guard_that_is_found_nowhere_else_denies if {
	verdict := decision with input as requests.founding
		with data.chaperone.guards.added as {"clear": false}
	verdict == {
		"outcome": "deny",
		"reasons": [{"code": "added", "message": "A condition of the policy is not met."}],
	}
}

test_an_approval_without_a_message_still_says_something if {
	verdict := decision with input as requests.founding
		with data.chaperone.guards.added as {"clear_with_approval": true}
	verdict == {
		"outcome": "approval_required",
		"reasons": [{"code": "added", "message": "A person must approve this request."}],
	}
}

test_a_permit_added_elsewhere_is_found if {
	request := object.union(requests.founding, {"subject": {"departments": ["Marketing"]}})
	verdict := decision with input as request
		with data.chaperone.permits.added as {"permits": [{
			"capability": "book_flight",
			"audience": "https://flights.example/api",
			"permissions": ["flights:book"],
		}]}
	verdict.outcome == "allow"
}

test_no_reason_to_deny_is_not_a_reason_to_allow if {
	verdict := decision with input as {} with data.chaperone.objections.objections as set()
	verdict == {
		"outcome": "deny",
		"reasons": [{"code": "not_decided", "message": "No rule of the policy decided this request."}],
	}
}

test_more_reasons_than_a_verdict_carries_are_cut if {
	verdict := decision with input as requests.founding
		with data.chaperone.guards as {name: {} | some n in numbers.range(1, 70); name := sprintf("g%d", [n])}
	count(verdict.reasons) == 64
}
