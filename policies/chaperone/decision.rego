# METADATA
# title: The decision
# description: >-
#   The one question that the sidecar asks. Permits and guards are found by their place, so nobody edits this
#   file to add one. Everything starts as a deny; allow is built in one place, last, from positive facts only.
# schemas:
#   - input: schema["input.schema"]
package chaperone

import data.chaperone.clearance
import data.chaperone.delegation
import data.chaperone.least_privilege
import data.chaperone.objections.objections

# METADATA
# title: Verdict on one request
# description: By default a deny. The value is what src/domain/verdict.ts accepts, member for member.
# entrypoint: true
# custom:
#   code: not_decided
#   remedy: Report it; a well-formed request always meets a rule that says why not.
# related_resources:
#   - docs/policies.md#verdict
default decision := {
	"outcome": "deny",
	"reasons": [{"code": "not_decided", "message": "No rule of the policy decided this request."}],
}

decision := {"outcome": "deny", "reasons": _listed(objections)} if {
	count(objections) > 0
} else := {"outcome": "approval_required", "reasons": _listed(clearance.approvals)} if {
	count(clearance.approvals) > 0
	clearance.once_approved
	least_privilege.choice
} else := object.union(
	{
		"outcome": "allow",
		"role": choice.role,
		"permissions": choice.permissions,
		"ceiling": "catalogue",
		"ttl_seconds": choice.ttl_seconds,
		"limits": [],
		"obligations": [],
		"reasons": [{"code": "permitted", "message": "The chosen role is the smallest that covers what is asked."}],
	},
	delegation.member,
) if {
	choice := least_privilege.choice
	clearance.complete
}

# A verdict carries at most 64 reasons; more would be a fault.
_listed(reasons) := array.slice(sort(reasons), 0, 64)
