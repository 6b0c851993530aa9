# METADATA
# title: What is asked
# description: >-
#   The one safe way for a guard to say that it does not apply: by what is asked, never by whether the thing it
#   guards is there. Taking a field away can then never switch a guard off.
package chaperone.asked

# METADATA
# title: Nothing guarded is asked
# description: >-
#   True when none of `guarded.capabilities` and none of `guarded.permissions` is asked. Both lists must be there:
#   a guard whose settings are gone is not clear.
none_of(guarded) if {
	is_array(guarded.capabilities)
	is_array(guarded.permissions)
	count(_set(guarded.capabilities) & _set(input.asked.capabilities)) == 0
	count(_set(guarded.permissions) & _set(input.asked.permissions)) == 0
}

_set(list) := {element | some element in list}
