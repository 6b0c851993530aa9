# METADATA
# title: Time window
# description: What touches running services is done in working hours, when somebody is there to help.
# schemas:
#   - input: schema["input.schema"]
package chaperone.guards.time_window

import data.chaperone.asked

# METADATA
# title: It is within working hours
# description: Clear when nothing that is bound to working hours is asked, or when this is one of those hours.
# custom:
#   code: time_window
#   remedy: Ask again in working hours, or change settings/time_window.
# related_resources:
#   - docs/policies.md#guards
default clear := false

clear if {
	asked.none_of(data.chaperone.settings.time_window)
} else if {
	settings := data.chaperone.settings.time_window
	is_number(settings.from_hour)
	is_number(settings.until_hour)
	local_seconds := floor(input.time) + (settings.utc_offset_minutes * 60)
	_weekday(local_seconds) in settings.weekdays
	hour := floor((local_seconds % 86400) / 3600)
	hour >= settings.from_hour
	hour < settings.until_hour
}

# METADATA
# title: Message
# description: What people read when the guard is not clear.
message := "This is done in working hours only."

# 1970-01-01 was a Thursday; Sunday is 0.
_weekday(local_seconds) := (floor(local_seconds / 86400) + 4) % 7
