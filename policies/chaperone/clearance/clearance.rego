# METADATA
# title: Clearance by the guards
# description: >-
#   Finds every package under guards/ by its place and asks whether it is clear. A guard whose `clear` is undefined,
#   or anything but true, is still found here and is not clear.
package chaperone.clearance

# METADATA
# title: All guards are clear
# description: True when each guard that was found says so itself.
default complete := false

complete if count(_clear) == count(_guards)

# METADATA
# title: All guards are clear once a person approves
# description: True when each guard is clear or says that an approval settles it.
default once_approved := false

once_approved if count(_clear) + count(approvals) == count(_guards)

# METADATA
# title: Approvals
# description: The guards that only an approval makes clear, as reasons.
approvals contains {"code": name, "message": message} if {
	some name, guard in _guards
	not name in _clear
	guard.clear_with_approval == true
	message := object.get(guard, "approval_message", "A person must approve this request.")
}

# METADATA
# title: Objections
# description: The guards that are not clear and that no approval settles, as reasons; the name is the code.
objections contains {"code": name, "message": message} if {
	some name, guard in _guards
	not name in _clear
	not guard.clear_with_approval == true
	message := object.get(guard, "message", "A condition of the policy is not met.")
}

_clear contains name if {
	some name, guard in _guards
	guard.clear == true
}

_guards := {name: guard | some name, guard in data.chaperone.guards}
