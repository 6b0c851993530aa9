# METADATA
# title: What is asked
# description: >-
#   The one safe way for a guard to say that it does not apply: by what is asked, never by whether the thing it
#   guards is there. Taking a field away can then never switch a guard off.
# schemas:
#   - input: schema["input.schema"]
package chaperone.asked

# METADATA
# title: Nothing guarded is asked
# description: >-
#   True when none of `guarded.capabilities` and none of `guarded.permissions` is asked. Both lists must be there:
#   a guard whose settings are gone is not clear.
none_of(guarded) if {
	is_array(guarded.capabilities)
	is_array(guarded.permissions)
	is_array(input.asked.capabilities)
	is_array(input.asked.permissions)
	count([name | some name in guarded.capabilities; name in capabilities]) == 0
	count([name | some name in guarded.permissions; name in permissions]) == 0
}

# METADATA
# title: Asked capabilities
# description: As a set, because agents may ask for hundreds and lists are searched from end to end.
capabilities := {name | some name in input.asked.capabilities}

# METADATA
# title: Asked permissions
# description: As a set.
permissions := {name | some name in input.asked.permissions}
