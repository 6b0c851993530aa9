package chaperone_test.guards.amount_limit

import data.chaperone.guards.amount_limit
import data.chaperone_test.requests

clear(request) if {
	amount_limit.clear with input as request
}

approvable(request) if {
	amount_limit.clear_with_approval with input as request
}

test_a_request_that_pays_nothing_is_clear if clear(requests.founding)

test_an_amount_up_to_the_threshold_is_clear if {
	every amount in [0.01, 1, 999, 1000] {
		clear(requests.payment(amount, "EUR"))
	}
}

test_an_amount_above_the_threshold_needs_approval if {
	every amount in [1000.01, 10000] {
		not clear(requests.payment(amount, "EUR"))
		approvable(requests.payment(amount, "EUR"))
	}
}

test_no_amount_at_all_above_the_maximum_or_below_one if {
	every amount in [0, -1, 10000.01] {
		not clear(requests.payment(amount, "EUR"))
		not approvable(requests.payment(amount, "EUR"))
	}
}

test_what_is_no_number_is_no_amount if {
	every amount in [null, true, "1", [1], {"value": 1}] {
		not clear(requests.payment(amount, "EUR"))
		not approvable(requests.payment(amount, "EUR"))
	}
}

test_another_currency_is_no_amount if {
	not clear(requests.payment(1, "USD"))
	not approvable(requests.payment(5000, "USD"))
}

test_an_absent_amount_is_not_clear if {
	request := requests.staff("Finance", "Accountant", "pay_invoice")
	not clear(request)
	not clear(object.remove(request, ["action"]))
}

test_a_payment_with_a_token_is_guarded_too if {
	parent := requests.parent("https://erp.example/api", ["invoices:pay"])
	request := requests.used(parent, ["invoices:pay"])
	not clear(request)
	clear(object.union(request, {"action": {"name": "pay", "properties": {"amount": 5, "currency": "EUR"}}}))
}

test_without_its_settings_it_is_not_clear if {
	not amount_limit.clear with input as requests.founding with data.chaperone.settings as {}
	not amount_limit.clear with input as requests.payment(1, "EUR")
		with data.chaperone.settings.amount_limit.approval_above as null
}
