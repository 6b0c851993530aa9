# METADATA
# title: Resource tier
# description: A record is read only for roles that its tier is open to.
# schemas:
#   - input: schema["input.schema"]
package chaperone.guards.resource_tier

import data.chaperone.asked

# METADATA
# title: The record's tier is open to this role
# description: >-
#   Clear when no record is asked for, or when the record's tier lists one of the person's roles. Outside `issue`
#   the person's roles are not known, and only the tiers that `open_tiers` lists are clear.
# custom:
#   code: resource_tier
#   remedy: Send resource.type and resource.properties.tier; ask for a record of a lower tier.
# related_resources:
#   - docs/policies.md#guards
default clear := false

clear if {
	asked.none_of(data.chaperone.settings.resource_tier)
} else if {
	input.phase == "issue"
	settings := data.chaperone.settings.resource_tier
	some role in input.subject.roles
	role in settings.tiers[_tier(settings)]
} else if {
	input.phase in {"delegate", "use"}
	settings := data.chaperone.settings.resource_tier
	_tier(settings) in settings.open_tiers
}

# METADATA
# title: Message
# description: What people read when the guard is not clear.
message := "A record of this tier is not open to this person's role."

_tier(settings) := tier if {
	input.resource.type == settings.resource_type
	tier := input.resource.properties.tier
	is_string(tier)
}
