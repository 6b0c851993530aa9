# METADATA
# title: Staff
# description: >-
#   Just-in-time access for a person through an agent: the agent is able to (capability), and the person's department
#   and role are among those that settings/staff lists for that capability.
# schemas:
#   - input: schema["input.schema"]
package chaperone.permits.staff

# METADATA
# title: What an agent may do for staff
# description: One permit per asked capability and audience that the settings list for this department and role.
permits contains permit if {
	some capability in input.asked.capabilities
	capability in input.actor.capabilities
	rule := data.chaperone.settings.staff[capability]
	some department in input.subject.departments
	department in rule.departments
	some role in input.subject.roles
	role in rule.roles
	some grant in rule.grants
	permit := {
		"capability": capability,
		"audience": grant.audience,
		"permissions": grant.permissions,
		"ttl_seconds": rule.ttl_seconds,
	}
}
