# METADATA
# title: Staff
# description: >-
#   Just-in-time access for a person through an agent: the agent is able to (capability), and the person's department
#   and role are among those that settings/staff lists for that capability.
# schemas:
#   - input: schema["input.schema"]
package chaperone.permits.staff

import data.chaperone.asked

# METADATA
# title: What an agent may do for staff
# description: One permit per asked capability and audience that the settings list for this department and role.
permits contains permit if {
	some capability in asked.capabilities
	rule := data.chaperone.settings.staff[capability]
	count(_departments & {department | some department in rule.departments}) > 0
	count(_roles & {role | some role in rule.roles}) > 0
	some grant in rule.grants
	permit := {
		"capability": capability,
		"audience": grant.audience,
		"permissions": grant.permissions,
		"ttl_seconds": rule.ttl_seconds,
	}
}

_departments := {department | some department in input.subject.departments}

_roles := {role | some role in input.subject.roles}
