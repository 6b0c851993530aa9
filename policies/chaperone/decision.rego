# METADATA
# title: The decision
# description: >-
#   The one question that the sidecar asks. Permits and guards are found by their place, so nobody edits this
#   file to add one. Everything starts as a deny; allow is built in one place, last, from positive facts only.
# schemas:
#   - input: schema["input.schema"]
package chaperone

import data.chaperone.least_privilege
import data.chaperone.objections.objections

# METADATA
# title: Verdict on one request
# description: What src/domain/verdict.ts accepts, member for member; anything else is a fault and denies.
# entrypoint: true
# custom:
#   code: not_decided
#   remedy: Report it; a well-formed request always meets a rule that says why not.
# related_resources:
#   - ref: docs/policies.md#verdict
#     description: The verdict
default decision := {
	"outcome": "deny",
	"reasons": [{"code": "not_decided", "message": "No rule of the policy decided this request."}],
}

decision := {"outcome": "deny", "reasons": _listed(objections)} if {
	count(objections) > 0
} else := {"outcome": "approval_required", "reasons": _listed(_approvals)} if {
	count(_approvals) > 0
	least_privilege.choice
	every name, guard in data.chaperone.guards {
		_clear_once_approved(name, guard)
	}
} else := {
	"outcome": "allow",
	"role": choice.role,
	"permissions": choice.permissions,
	"ceiling": "catalogue",
	"ttl_seconds": choice.ttl_seconds,
	"limits": [],
	"obligations": [],
	"reasons": [{"code": "permitted", "message": "The chosen role is the smallest that covers what is asked."}],
} if {
	choice := least_privilege.choice
	every guard in data.chaperone.guards {
		guard.clear == true
	}
}

_approvals contains {"code": name, "message": message} if {
	some name, guard in data.chaperone.guards
	not guard.clear == true
	guard.clear_with_approval == true
	message := object.get(guard, "approval_message", "A person must approve this request.")
}

_clear_once_approved(_, guard) if guard.clear == true

_clear_once_approved(name, guard) if {
	guard.clear_with_approval == true
	some approval in _approvals
	approval.code == name
}

# A verdict carries at most 64 reasons; more would be a fault.
_listed(reasons) := array.slice(sort(reasons), 0, 64)
