# METADATA
# title: Why not
# description: Each reason for a deny, with its code, what the caller's people read, and what an operator can do.
# schemas:
#   - input: schema["input.schema"]
package chaperone.objections

import data.chaperone.asked
import data.chaperone.clearance
import data.chaperone.least_privilege
import data.chaperone.shape

# METADATA
# title: Input malformed
# description: A member that the sidecar always sends is missing, or a member has another type than its own.
# custom:
#   code: input_malformed
#   remedy: Send the input of docs/policies.md; the sidecar always does, so this shows an input made by hand.
# related_resources:
#   - docs/policies.md#input
objections contains {"code": "input_malformed", "message": "A part of the request is missing or has another form."} if {
	not shape.well_formed
}

# METADATA
# title: Nothing asked
# description: Neither a capability nor a permission is asked, or outside `issue` no permission.
# custom:
#   code: nothing_asked
#   remedy: Ask for an action, a capability or a permission; in `delegate` and `use` name the permissions.
# related_resources:
#   - docs/policies.md#phases
objections contains {"code": "nothing_asked", "message": "The request asks for nothing."} if {
	shape.well_formed
	not _something_asked
}

# METADATA
# title: Parent missing
# description: Outside `issue` the grant that the request derives from must be there; it is the permit.
# custom:
#   code: parent_missing
#   remedy: Show the role token itself; the sidecar adds its grant.
# related_resources:
#   - docs/policies.md#phases
objections contains {"code": "parent_missing", "message": "The request names no grant that it derives from."} if {
	shape.well_formed
	not _founded
}

# METADATA
# title: Capability not permitted
# description: No permit covers one of the asked capabilities (at the asked audience, if one is asked).
# custom:
#   code: capability_not_permitted
#   remedy: See which rule under permits/ should permit it, for which department, role and audience.
# related_resources:
#   - docs/policies.md#permits
objections contains {"code": "capability_not_permitted", "message": message} if {
	shape.well_formed
	count(_missing) > 0
	message := substring(concat("", [_not_permitted, concat(", ", sort(_missing))]), 0, 500)
}

# METADATA
# title: Permission not permitted
# description: A permission is asked that no permit, or outside `issue` not the parent grant, gives.
# custom:
#   code: permission_not_permitted
#   remedy: Ask for fewer permissions, or for the audience that has them.
# related_resources:
#   - docs/policies.md#permits
objections contains {"code": "permission_not_permitted", "message": "A permission is asked that no rule gives."} if {
	shape.well_formed
	_founded
	count(_missing) == 0
	not _permissions_offered
}

# METADATA
# title: Role not covering
# description: What is asked is permitted, but no single role of the catalogue covers it.
# custom:
#   code: role_not_covering
#   remedy: Ask for one action at a time, or add a role to roles/data.json.
# related_resources:
#   - docs/policies.md#roles
objections contains {"code": "role_not_covering", "message": "No single role covers all that is asked at once."} if {
	shape.well_formed
	_something_asked
	_founded
	count(_missing) == 0
	_permissions_offered
	count(least_privilege.covering) == 0
}

# METADATA
# title: Audience ambiguous
# description: No audience is asked, and roles of several audiences would do.
# custom:
#   code: audience_ambiguous
#   remedy: Name the audience in the request.
# related_resources:
#   - docs/policies.md#roles
objections contains {
	"code": "audience_ambiguous",
	"message": "This could be meant for several systems; say for which one.",
} if {
	shape.well_formed
	count({role.audience | some role in least_privilege.covering}) > 1
}

# METADATA
# title: Guard not clear
# description: A guard is neither clear nor clear with an approval. Its name is the code; undefined is not clear.
# custom:
#   code: "<name of the guard>"
#   remedy: See the remedy in the guard's own metadata.
# related_resources:
#   - docs/policies.md#guards
objections contains objection if {
	shape.well_formed
	some objection in clearance.objections
}

_not_permitted := "No rule permits this agent to do this for this person: "

_something_asked if count(asked.permissions) > 0

_something_asked if {
	input.phase == "issue"
	count(asked.capabilities) > 0
}

_founded if input.phase == "issue"

_founded if input.parent

default _missing := set()

_missing := asked.capabilities - least_privilege.permitted if input.phase == "issue"

_permissions_offered if {
	offered := union({offer.permissions | some offer in least_privilege.offers})
	every permission in asked.permissions {
		permission in offered
	}
}
