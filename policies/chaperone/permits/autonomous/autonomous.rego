# METADATA
# title: Autonomous agent
# description: >-
#   An agent that acts for itself, with an identity of its own: subject and actor are the same party of the same
#   issuer, and settings/autonomous lists it. Nobody's attributes are involved.
# schemas:
#   - input: schema["input.schema"]
package chaperone.permits.autonomous

import data.chaperone.asked

# METADATA
# title: What a listed agent may do for itself
# description: One permit per asked capability and audience that the settings list for this very agent.
permits contains permit if {
	input.subject.id == input.actor.id
	input.subject.issuer == input.actor.issuer
	some agent in data.chaperone.settings.autonomous.agents
	agent.id == input.actor.id
	agent.issuer == input.actor.issuer
	some capability in asked.capabilities
	some grant in agent.capabilities[capability]
	permit := {
		"capability": capability,
		"audience": grant.audience,
		"permissions": grant.permissions,
		"ttl_seconds": agent.ttl_seconds,
	}
}
