# METADATA
# title: The least-privilege role
# description: >-
#   Among the roles of one audience that cover what is asked, the one with the fewest permissions; ties by name.
#   A permit is sufficient by itself: of several for one capability any one will do, so a permit more never takes
#   anything away.
# schemas:
#   - input: schema["input.schema"]
package chaperone.least_privilege

import data.chaperone.asked

# METADATA
# title: The role to grant
# description: Undefined unless what is asked is permitted and the covering roles are all of one audience.
choice := {"role": least.name, "permissions": sort(_needed(least)), "ttl_seconds": ttl_seconds} if {
	count({role.audience | some role in covering}) == 1
	least := sort([[role.size, role.name, role] | some role in covering])[0][2]
	ttl_seconds := floor(min([offer.ttl_seconds | some offer in offers; offer.audience == least.audience]))
}

# METADATA
# title: Covering roles
# description: Each role that covers what is asked, at an audience where all of it is permitted.
covering := [{"name": name, "audience": audience, "size": count(held), "held": held} |
	some audience in _audiences
	some name, role in data.chaperone.roles
	role.audience == audience
	held := {permission | some permission in role.permissions}
	_covers(audience, held)
	_within_parent(role, held)
]

# METADATA
# title: Permitted capabilities
# description: The asked capabilities that some permit covers.
permitted contains offer.capability if some offer in offers

# METADATA
# title: Offers
# description: >-
#   What may be granted. In `issue`, each well-formed permit for an asked capability; in `use`, the parent grant at its
#   own audience, in `delegate` at one of its `audiences`, whatever capability the caller names. Only at the asked
#   audience, if one is asked.
offers := [offer |
	some name
	some permit in data.chaperone.permits[name].permits
	permit.capability in asked.capabilities
	permit.capability in _able
	_is_audience_meant(permit.audience)
	permissions := {permission | some permission in permit.permissions; is_string(permission)}
	count(permissions) > 0
	count(permissions) == count(permit.permissions)
	ttl_seconds := object.get(permit, "ttl_seconds", 60)
	is_number(ttl_seconds)
	ttl_seconds >= 1
	offer := {
		"capability": permit.capability,
		"audience": permit.audience,
		"permissions": permissions,
		"ttl_seconds": ttl_seconds,
	}
] if {
	input.phase == "issue"
} else := [offer |
	some audience in _parent_audiences
	offer := {
		"audience": audience,
		"permissions": {permission | some permission in input.parent.permissions},
		"ttl_seconds": 60,
	}
] if {
	input.phase in {"delegate", "use"}
}

# One at most: without an asked audience the parent's own is meant, so that no other fact decides which one it is.
_parent_audiences contains input.parent.audience if {
	input.phase == "use"
	_is_audience_meant(input.parent.audience)
}

_parent_audiences contains audience if {
	input.phase == "delegate"
	audience := object.get(input, "audience", input.parent.audience)
	audience in input.parent.audiences
}

# Where everything that is asked is permitted. Sets, because agents may ask for hundreds of capabilities.
_audiences contains audience if {
	some audience in {offer.audience | some offer in offers}
	every capability in _capabilities_to_permit {
		[audience, capability] in _permitted_at
	}
	every permission in asked.permissions {
		[audience, permission] in _given_at
	}
}

_permitted_at := {[offer.audience, offer.capability] | some offer in offers}

_given_at := {[offer.audience, permission] | some offer in offers; some permission in offer.permissions}

default _capabilities_to_permit := set()

_capabilities_to_permit := asked.capabilities if input.phase == "issue"

_able := {capability | some capability in input.actor.capabilities}

_is_audience_meant(audience) if object.get(input, "audience", audience) == audience

# Asked permissions say exactly what is needed; without them it is what each capability's permit says.
_covers(audience, held) if {
	count(asked.permissions) == 0
	input.phase == "issue"
	asked.capabilities == {offer.capability | some offer in _served(audience, held)}
} else if {
	count(asked.permissions) > 0
	count(asked.permissions - held) == 0
}

# The permits that lie within what a role holds.
_served(audience, held) := [offer |
	some offer in offers
	offer.audience == audience
	count(offer.permissions - held) == 0
]

_needed(role) := asked.permissions if {
	count(asked.permissions) > 0
} else := union({smallest |
	served := _served(role.audience, role.held)
	some capability in asked.capabilities
	sizes := sort([[count(offer.permissions), offer.permissions] |
		some offer in served
		offer.capability == capability
	])
	smallest := sizes[0][1]
})

# A role that its target reads by name grants all of itself, so all of it must be within the parent.
_within_parent(role, held) if {
	input.phase == "issue"
} else if {
	role.enforced_by == "scope"
} else if {
	count(held - {permission | some permission in input.parent.permissions}) == 0
}
