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
#   - ref: docs/policies.md#guards
#     description: Guards
default clear := false

clear if asked.none_of(data.chaperone.settings.time_window)

clear if {
	is_number(data.chaperone.settings.time_window.from_hour)
	is_number(data.chaperone.settings.time_window.until_hour)
	_weekday in data.chaperone.settings.time_window.weekdays
	_hour >= data.chaperone.settings.time_window.from_hour
	_hour < data.chaperone.settings.time_window.until_hour
}

# METADATA
# title: Message
# description: What people read when the guard is not clear.
message := "This is done in working hours only."

_local_seconds := floor(input.time) + (data.chaperone.settings.time_window.utc_offset_minutes * 60)

# 1970-01-01 was a Thursday; Sunday is 0.
_weekday := (floor(_local_seconds / 86400) + 4) % 7

_hour := floor((_local_seconds % 86400) / 3600)
