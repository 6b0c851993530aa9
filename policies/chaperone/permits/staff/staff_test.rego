package chaperone_test.permits.staff

import data.chaperone.permits.staff.permits
import data.chaperone_test.requests

permitted(department, role, capability) if {
	found := permits with input as requests.staff(department, role, capability)
	count(found) > 0
}

test_an_operations_director_may_have_flights_booked if {
	found := permits with input as requests.founding
	found == {{
		"capability": "book_flight",
		"audience": "https://flights.example/api",
		"permissions": ["flights:book"],
		"ttl_seconds": 60,
	}}
}

test_department_and_role_count_together if {
	permitted("Sales", "Manager", "book_flight")
	not permitted("Marketing", "Director", "book_flight")
	not permitted("Operations", "Assistant", "book_flight")
	permitted("Marketing", "Assistant", "search_flights")
}

test_names_are_compared_exactly if {
	not permitted("operations", "Director", "book_flight")
	not permitted("Operations ", "Director", "book_flight")
	not permitted("Operations", "Assistant Director", "book_flight")
}
