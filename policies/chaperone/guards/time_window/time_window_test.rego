package chaperone_test.guards.time_window

import data.chaperone.guards.time_window
import data.chaperone_test.requests

clear(request) if {
	time_window.clear with input as request
}

wednesday(hour) := (requests.wednesday_noon - (12 * requests.hour)) + (hour * requests.hour)

test_a_request_that_is_not_bound_to_hours_is_clear_at_night if {
	clear(object.union(requests.founding, {"time": wednesday(3)}))
}

test_working_hours_are_clear_and_end_sharp if {
	clear(requests.restart(wednesday(8)))
	clear(requests.restart(wednesday(18) - 1))
	not clear(requests.restart(wednesday(8) - 1))
	not clear(requests.restart(wednesday(18)))
}

test_monday_to_friday_is_clear if {
	days := [n | some n in numbers.range(0, 6); clear(requests.restart(wednesday(12) + (n * requests.day)))]
	days == [0, 1, 2, 5, 6]
}

test_the_hours_are_local if {
	time_window.clear with input as requests.restart(wednesday(7))
		with data.chaperone.settings.time_window.utc_offset_minutes as 60
	not time_window.clear with input as requests.restart(wednesday(17))
		with data.chaperone.settings.time_window.utc_offset_minutes as 60
}

test_a_fraction_of_a_second_does_no_harm if clear(requests.restart(wednesday(12) + 0.5))

test_what_is_no_time_is_not_clear if {
	every time in [null, "12:00", true, [wednesday(12)], {}] {
		not clear(requests.restart(time))
	}
}

test_without_its_settings_it_is_not_clear if {
	not time_window.clear with input as requests.founding with data.chaperone.settings as {}
	every wrong in [null, "0", true, [], {}] {
		not time_window.clear with input as requests.restart(wednesday(12))
			with data.chaperone.settings.time_window.from_hour as wrong
	}
}
